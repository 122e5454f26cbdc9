"""The raw archive: every answer as it came, immutable and with a checksum. It does not depend on the cache.

Writes and reads files below one folder; opens no database and judges no answer.

    raw/market_chart/coin_id=bitcoin/vs_currency=usd/date=2026-11-23/
        20261123T134500000Z-1f2e3d4c.json.gz         the answer, byte for byte, gzipped
        20261123T134500000Z-1f2e3d4c.manifest.json   its checksum and the request; written last

A manifest holds a proof of its own content (`manifests.py`). Archives of older versions have manifests of format 1,
without a proof. They are read too. What proves them is their place and their name:

- stream, coin, currency and date by the folders, `extracted_at` by the name, to the millisecond;
- the window by the digest in the name, when the answer is read. (The oldest names hold a digest of the answer alone.
  Nothing proves the window of these.)
- Nothing proves the provenance. It has to have a form that a source of this project has. Who wants the answer of a run
  names the provenance of the run, and any other one counts as damage.

Beside `market_chart` lie `market_chart_5m`, the 5-minute points of the last day, and `ohlc`, CoinGecko's own candles,
in the same folders. These are Hive partitions, so they can move to object storage as they are.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from btc_pipeline.lake import manifests
from btc_pipeline.market.pair import Pair
from btc_pipeline.system import files

_ANSWER = ".json.gz"
_MANIFEST = ".manifest.json"
_BEFORE_STREAMS = "market_chart"  # the stream of a manifest that names none
_PROVENANCE = re.compile(r"CoinGecko|live \(.+\)|SAMPLE \((synthetic|recordings .+)\)")  # `Settings.provenance`


class DamagedAnswerError(Exception):
    """An archived answer is gone, or differs from what was written."""


class DamagedManifestError(DamagedAnswerError):
    """The manifest at `path` is damaged, or of a newer version of this project."""

    def __init__(self, path: Path, why: str, *, is_newer: bool = False) -> None:
        super().__init__(
            f"{path} is a manifest that cannot be read: {why}" if is_newer else f"damaged manifest {path}: {why}"
        )
        self.path = path


@dataclass(frozen=True)
class Request:
    """A request, and when it was answered (UTC). `provenance` is the source, `stream` a row of `coingecko/streams`."""

    coin_id: str
    vs_currency: str
    date: date
    window_from: datetime
    window_to: datetime
    extracted_at: datetime
    provenance: str
    stream: str

    @property
    def pair(self) -> Pair:
        """The coin and the currency."""
        return Pair(self.coin_id, self.vs_currency)


@dataclass(frozen=True)
class Entry:
    """An archived answer. `file` is relative to the archive's root."""

    request: Request
    file: str
    sha256: str

    def read(self, root: Path) -> bytes:
        """The answer's body.

        Raises:
            DamagedAnswerError: it is gone, or does not match its checksum, or its manifest does not match its name.
        """
        path = root / self.file
        try:
            packed = files.read(path)
        except OSError as error:
            raise DamagedAnswerError(f"{path}: {error.strerror}") from None
        if hashlib.sha256(packed).hexdigest() != self.sha256:
            raise DamagedAnswerError(f"{path} does not match its checksum")
        try:
            body = gzip.decompress(packed)
        except (OSError, EOFError, zlib.error):
            raise DamagedAnswerError(f"{path} cannot be unpacked") from None
        of_body = hashlib.sha256(body).hexdigest()[:8]  # the oldest names
        if path.name.removesuffix(_ANSWER).partition("-")[2] not in (_digest(self.request, body), of_body):
            raise DamagedManifestError(manifest_of(root, self.file), "its window is not the one of its name")
        return body


def keep(root: Path, request: Request, body: bytes) -> Entry:
    """Write an answer, then its manifest. The same answer to the same request at the same instant is kept once."""
    folder = _folder(request)
    stem = f"{_moment(request.extracted_at)}-{_digest(request, body)}"
    packed = gzip.compress(body, compresslevel=6, mtime=0)  # 9, the default, takes four times as long and saves 1 %
    entry = Entry(request, (folder / (stem + _ANSWER)).as_posix(), hashlib.sha256(packed).hexdigest())
    (root / folder).mkdir(parents=True, exist_ok=True)
    if not (root / entry.file).exists() or files.sha256(root / entry.file) != entry.sha256:
        files.write(root / entry.file, packed, mode=0o444)
    manifest = manifests.written(entry.file, entry.sha256, to_plain(request))
    files.write(root / folder / (stem + _MANIFEST), manifest, mode=0o444)
    return entry


def entry(root: Path, file: str, provenance: str = "") -> Entry:
    """The entry of an archived answer, from its manifest; with a provenance, of this provenance only.

    Raises:
        DamagedManifestError: its manifest is damaged, or names another provenance.
        DamagedAnswerError: it has no manifest.
    """
    path = manifest_of(root, file)
    try:
        found = _of_manifest(root, path)
    except FileNotFoundError:
        raise DamagedAnswerError(f"{root / file} has no manifest") from None
    if provenance and found.request.provenance != provenance:
        raise DamagedManifestError(path, f"it names the source {found.request.provenance!r}, not {provenance!r}")
    return found


def manifest_of(root: Path, file: str) -> Path:
    """Where the manifest of an answer lies."""
    return root / (file.removesuffix(_ANSWER) + _MANIFEST)


def _walked(root: str, folder: str) -> Iterator[str]:
    """The manifests below a folder of the archive, as text: ten years of a coin have 11,000 of them."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(f"{root}/{folder}") as listed:
        for each in listed:
            if each.name.endswith(_MANIFEST):
                yield f"{folder}/{each.name}"
            elif each.is_dir():
                yield from _walked(root, f"{folder}/{each.name}")


def _answer_of(manifest: str) -> str:
    """The file of an answer, by the place of its manifest; both are relative to the archive's root."""
    return manifest.removesuffix(_MANIFEST) + _ANSWER


def has_name(file: str, name: str) -> bool:
    """Whether an answer's file is named so: by all of it, or by the beginning of its last part."""
    return file == name or ("/" not in name and file.rpartition("/")[2].startswith(name))


def named(root: Path, name: str) -> list[str]:
    """The answers with this name, see `has_name`. Reads no manifest."""
    files = (path.relative_to(root).as_posix() for path in root.glob(f"*/coin_id=*/vs_currency=*/date=*/*{_ANSWER}"))
    return sorted(file for file in files if has_name(file, name))


def entries(
    root: Path, stream: str, without: AbstractSet[str] = frozenset()
) -> tuple[list[Entry], list[DamagedManifestError]]:
    """The archived answers of a stream in the order of their extraction, and the manifests that cannot be read.

    No manifest is read of an answer whose file is in `without`.
    """
    found = _walked(str(root), stream)
    readable, damaged = _read_manifests(root, (root / file for file in found if _answer_of(file) not in without))
    return sorted(readable, key=_order), sorted(damaged, key=lambda error: error.path)


def since(root: Path, request: Request, moment: datetime) -> list[Entry]:
    """The readable answers, from an instant on, with the request's stream, pair, day and provenance; of any window."""
    readable, _ = _read_manifests(root, (root / _folder(request)).glob("*" + _MANIFEST))
    return sorted(
        (
            entry
            for entry in readable
            if entry.request.extracted_at >= moment and entry.request.provenance == request.provenance
        ),
        key=_order,
    )


def of_pair(root: Path, stream: str, coin_id: str, vs_currency: str) -> list[Entry]:
    """The readable answers of a stream for one coin in one currency, in the order of their extraction."""
    folder = root / stream / f"coin_id={coin_id}" / f"vs_currency={vs_currency}"
    return sorted(_read_manifests(root, folder.glob("date=*/*" + _MANIFEST))[0], key=_order)


def before(root: Path, request: Request, moment: datetime) -> Iterator[Entry]:
    """The readable answers of the request's coin and currency extracted up to `moment`, the latest first."""
    latest = _moment(moment)
    paths = (root / _folder(request)).parent.glob("date=*/*" + _MANIFEST)
    for path in sorted(paths, key=lambda path: path.name, reverse=True):
        if path.name.partition("-")[0] <= latest:
            yield from _read_manifests(root, [path])[0]


def _folder(of: Request) -> Path:
    return Path(of.stream, f"coin_id={of.coin_id}", f"vs_currency={of.vs_currency}", f"date={of.date.isoformat()}")


def _moment(extracted_at: datetime) -> str:
    return f"{extracted_at:%Y%m%dT%H%M%S}{extracted_at.microsecond // 1000:03d}Z"


def _digest(request: Request, body: bytes) -> str:
    """A hash of window and body: it separates answers of one millisecond, as two windows may have the same answer."""
    window = f"{request.window_from.isoformat()} {request.window_to.isoformat()} "
    return hashlib.sha256(window.encode() + body).hexdigest()[:8]


def _order(entry: Entry) -> tuple[datetime, str]:
    return entry.request.extracted_at, entry.file


def _read_manifests(root: Path, paths: Iterable[Path]) -> tuple[list[Entry], list[DamagedManifestError]]:
    readable, damaged = [], []
    for path in paths:
        try:
            readable.append(_of_manifest(root, path))
        except DamagedManifestError as error:
            damaged.append(error)
        except FileNotFoundError as error:
            damaged.append(DamagedManifestError(path, str(error.strerror)))
    return readable, damaged


def _of_manifest(root: Path, path: Path) -> Entry:
    """The manifest's entry, if `keep` would write it to this place.

    Raises:
        FileNotFoundError: it is not there.
        DamagedManifestError: it cannot be read, or is not what `keep` would write.
    """
    try:
        return parsed(root, path, files.read(path))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DamagedManifestError(path, str(error.strerror)) from None


def to_plain(request: Request) -> dict[str, str]:
    """A request as text, for JSON."""
    return {name: value if isinstance(value, str) else value.isoformat() for name, value in asdict(request).items()}


def from_plain(plain: dict[str, str]) -> Request:
    """A request that `to_plain` wrote; if it is anything else, a ValueError, KeyError or TypeError."""
    moments = {name: datetime.fromisoformat(plain[name]) for name in ("window_from", "window_to", "extracted_at")}
    if any(moment.utcoffset() != timedelta(0) for moment in moments.values()):
        raise ValueError("an instant that is not in UTC")
    if not isinstance(plain["provenance"], str):
        raise ValueError(plain["provenance"])
    plain = {"stream": _BEFORE_STREAMS, **plain}
    return Request(**{**plain, **moments, "date": date.fromisoformat(plain["date"])})  # type: ignore[arg-type]


def parsed(root: Path, path: Path, text: bytes) -> Entry:
    """The entry of a manifest with this text at this path.

    Raises:
        DamagedManifestError: `keep` would not write this text to this path.
    """
    try:
        manifest = manifests.read(text)
        request = from_plain(dict(manifest.request))
    except manifests.ManifestError as error:
        is_newer = isinstance(error, manifests.NewerManifestError)
        raise DamagedManifestError(path, str(error), is_newer=is_newer) from None
    except (ValueError, KeyError, TypeError):
        raise DamagedManifestError(path, "what was requested is not in it") from None
    name = path.name.removesuffix(_MANIFEST)
    if root / manifest.file != path.with_name(name + _ANSWER) or root / _folder(request) != path.parent:
        raise DamagedManifestError(path, f"it is the manifest of {manifest.file[:200]!r}")
    if name.partition("-")[0] != _moment(request.extracted_at):
        raise DamagedManifestError(path, "its instant is not the one of its name")
    if not manifest.is_proven and not _PROVENANCE.fullmatch(request.provenance):
        raise DamagedManifestError(path, f"no source is named {request.provenance[:200]!r}")
    return Entry(request, manifest.file, manifest.sha256)
