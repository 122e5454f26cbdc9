"""Writes a drawn figure into its files: PNG, and SVG if it is chosen; each whole, or as it was before.

Knows neither candles nor the page. Must not import matplotlib: it is handed a figure.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from btc_pipeline.settings.charts import ChartSettings
from btc_pipeline.system import files
from btc_pipeline.visualize.chart import style as look

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write(figure: Figure, texts: Mapping[str, str], path: Path, chosen: ChartSettings) -> list[Path]:
    """Write the PNG at `path`, and the other formats beside it; returns what was written.

    All are drawn before the first is written. `texts` are what the file says of itself, by the PNG standard's
    keywords (`Title`, `Description`, `Source`, `Warning`); no time of drawing, no versions.
    """
    drawn = {path.with_suffix(f".{name}"): _drawn(figure, texts, name, chosen) for name in chosen.formats}
    for file, content in drawn.items():
        files.write(file, content)
    return list(drawn)


def _drawn(figure: Figure, texts: Mapping[str, str], name: str, chosen: ChartSettings) -> bytes:
    return _svg(figure, texts) if name == "svg" else _png(figure, texts, chosen)


def _png(figure: Figure, texts: Mapping[str, str], chosen: ChartSettings) -> bytes:
    """The same page for print, with more pixels; the file says how many go on an inch of paper."""
    picture = io.BytesIO()
    about = {**texts, "Software": "btc_pipeline"}
    if chosen.size == "print":
        dpi = round(look.PRINT_WIDTH_MM / 25.4 * look.PRINT_DPI) / (look.WIDTH / look.DPI)
        paper = {"dpi": (look.PRINT_DPI, look.PRINT_DPI)}
        figure.savefig(picture, format="png", dpi=dpi, metadata=about, pil_kwargs=paper)
    else:
        figure.savefig(picture, format="png", metadata=about)
    return picture.getvalue()


def _svg(figure: Figure, texts: Mapping[str, str]) -> bytes:
    """Letters are drawn as shapes, so that it looks the same everywhere; title and description are read aloud."""
    picture = io.StringIO()
    title = ", ".join(texts[key] for key in ("Title", "Warning") if key in texts)
    about = {"Title": title, "Description": texts["Description"], "Source": texts["Source"]}
    figure.savefig(picture, format="svg", metadata={**about, "Creator": "btc_pipeline", "Date": None})
    described = f"</title>\n <desc>{escape(texts['Description'])}. {escape(texts['Source'])}</desc>"
    return _with_ids_once(picture.getvalue().replace("</title>", described, 1)).encode()


def _with_ids_once(svg: str) -> str:
    """Artists of one kind share their gid, but an id of XML stands once: the first keeps it."""
    seen: set[str] = set()

    def kept(group: re.Match[str]) -> str:
        is_new = group[1] not in seen
        seen.add(group[1])
        return group[0] if is_new else "<g"

    return re.sub(r'<g id="([^"]*)"', kept, svg)
