"""The layers of the models: the points, which are stored, and the candles, which are made of them.

The layer of the points is what the folders `models/staging` and `models/intermediate/points` hold. If only models of
the candles have changed, the stored points stay, and the raw archive is not read again. Imports nothing of dbt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from btc_pipeline.system.project import DBT_PROJECT

if TYPE_CHECKING:
    from btc_pipeline.warehouse import duckdb_files

_FOLDERS = ("models/staging", "models/intermediate/points")

_MODELS = tuple(f"{folder}/*.sql" for folder in _FOLDERS)

ALL_OF_POINTS = tuple(f"path:{folder}" for folder in _FOLDERS)
"""The models in the layer of the points, as dbt selects them."""

POINTS_OF_ANSWERS = ("stg_coingecko__points",)
"""The model that unpacks the answers, each of them once."""

POINTS = (*_MODELS, "models/staging/_sources.yml", "macros/**/*", "*.yml")
"""What the stored points are made by, as glob patterns of the dbt project. The loader's code makes them too."""


def version(points: str, models: str, provenance: str) -> str:
    """What the database notes of itself: the hash of what made its points, that of all models, and its provenance."""
    return f"{points} {models} {provenance}"


def has_points(noted: str, points: str, provenance: str) -> bool:
    """Whether a database that notes this has points of this hash and provenance."""
    made_by, _, rest = noted.partition(" ")
    return (made_by, rest.partition(" ")[2]) == (points, provenance)


def models_of_points() -> set[str]:
    """The names of the models in the layer of the points."""
    return {path.stem for pattern in _MODELS for path in DBT_PROJECT.glob(pattern)}


def forget_candles(connection: duckdb_files.Connection) -> None:
    """Drop what is made of the points: the next build makes it anew, and tests all days."""
    from btc_pipeline.transform import days_under_test

    kept = models_of_points()
    found = connection.execute(
        "select table_name, table_type from information_schema.tables where table_schema = 'main' and table_catalog ="
        " current_database() order by all"
    ).fetchall()
    connection.execute("begin")
    for name, kind in found:
        if name not in kept:
            connection.execute(f'drop {"view" if kind == "VIEW" else "table"} main."{name}"')
    days_under_test.forget(connection)
    connection.execute("commit")
