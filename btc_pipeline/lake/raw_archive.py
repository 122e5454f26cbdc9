"""The raw archive: every answer as it came, immutable and with a checksum. It does not depend on the cache.

Writes and reads files below one folder; opens no database and judges no answer.

    raw/market_chart/coin_id=bitcoin/vs_currency=usd/date=2026-11-23/
        20261123T134500000Z-1f2e3d4c.json.gz         the answer, byte for byte, gzipped
        20261123T134500000Z-1f2e3d4c.manifest.json   its checksum and the request; written last

Beside `market_chart` lie `market_chart_5m`, the 5-minute points of the last day, and `ohlc`, CoinGecko's own candles,
in the same folders. These are Hive partitions, so they can move to object storage as they are.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from btc_pipeline.market.pair import Pair
from btc_pipeline.system import files

_ANSWER = ".json.gz"
_MANIFEST = ".manifest.json"
_BEFORE_STREAMS = "market_chart"  # the stream of a manifest that names none
_SHA256 = re.compile("[0-9a-f]{64}")


class DamagedAnswerError(Exception):
    """An archived answer is gone, or differs from what was written."""


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
            DamagedAnswerError: it is gone, or does not match its checksum.
        """
        path = root / self.file
        try:
            packed = path.read_bytes()
        except OSError as error:
            raise DamagedAnswerError(f"{path}: {error.strerror}") from None
        if hashlib.sha256(packed).hexdigest() != self.sha256:
            raise DamagedAnswerError(f"{path} does not match its checksum")
        try:
            return gzip.decompress(packed)
        except (OSError, EOFError, zlib.error):
            raise DamagedAnswerError(f"{path} cannot be unpacked") from None


def keep(root: Path, request: Request, body: bytes) -> Entry:
    """Write an answer, then its manifest. The same answer to the same request at the same instant is kept once."""
    folder = _folder(request)
    moment = f"{request.extracted_at:%Y%m%dT%H%M%S}{request.extracted_at.microsecond // 1000:03d}Z"
    stem = f"{moment}-{_digest(request, body)}"
    packed = gzip.compress(body, compresslevel=6, mtime=0)  # 9, the default, takes four times as long and saves 1 %
    entry = Entry(request, (folder / (stem + _ANSWER)).as_posix(), hashlib.sha256(packed).hexdigest())
    (root / folder).mkdir(parents=True, exist_ok=True)
    if not (root / entry.file).exists() or files.sha256(root / entry.file) != entry.sha256:
        files.write(root / entry.file, packed, mode=0o444)
    files.write(root / folder / (stem + _MANIFEST), _to_json(entry), mode=0o444)
    return entry


def entry(root: Path, file: str) -> Entry:
    """The entry of an archived answer, from its manifest.

    Raises:
        DamagedAnswerError: its manifest is missing or damaged.
    """
    readable, _ = _read_manifests(root, [manifest_of(root, file)])
    if not readable:
        raise DamagedAnswerError(f"{root / file} has no manifest")
    return readable[0]


def manifest_of(root: Path, file: str) -> Path:
    """Where the manifest of an answer lies."""
    return root / (file.removesuffix(_ANSWER) + _MANIFEST)


def has_name(file: str, name: str) -> bool:
    """Whether an answer's file is named so: by all of it, or by the beginning of its last part."""
    return file == name or ("/" not in name and file.rpartition("/")[2].startswith(name))


def named(root: Path, name: str) -> list[str]:
    """The answers with this name, see `has_name`. Reads no manifest."""
    files = (path.relative_to(root).as_posix() for path in root.glob(f"*/coin_id=*/vs_currency=*/date=*/*{_ANSWER}"))
    return sorted(file for file in files if has_name(file, name))


def entries(root: Path, stream: str) -> tuple[list[Entry], list[Path]]:
    """All archived answers of a stream in the order of their extraction, and the manifests that cannot be read."""
    readable, damaged = _read_manifests(root, (root / stream).rglob("*" + _MANIFEST))
    return sorted(readable, key=_order), sorted(damaged)


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
    latest = f"{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}Z"
    paths = (root / _folder(request)).parent.glob("date=*/*" + _MANIFEST)
    for path in sorted(paths, key=lambda path: path.name, reverse=True):
        if path.name.partition("-")[0] <= latest:
            yield from _read_manifests(root, [path])[0]


def _folder(of: Request) -> Path:
    return Path(of.stream, f"coin_id={of.coin_id}", f"vs_currency={of.vs_currency}", f"date={of.date.isoformat()}")


def _digest(request: Request, body: bytes) -> str:
    """A hash of window and body: it separates answers of one millisecond, as two windows may have the same answer."""
    window = f"{request.window_from.isoformat()} {request.window_to.isoformat()} "
    return hashlib.sha256(window.encode() + body).hexdigest()[:8]


def _order(entry: Entry) -> tuple[datetime, str]:
    return entry.request.extracted_at, entry.file


def _read_manifests(root: Path, paths: Iterable[Path]) -> tuple[list[Entry], list[Path]]:
    readable, damaged = [], []
    for path in paths:
        try:
            readable.append(_from_json(root, path))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            damaged.append(path)
    return readable, damaged


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


def _to_json(entry: Entry) -> bytes:
    content = {"format": 1, "file": entry.file, "sha256": entry.sha256, "request": to_plain(entry.request)}
    return (json.dumps(content, indent=1) + "\n").encode()


def _from_json(root: Path, path: Path) -> Entry:
    """The manifest's entry; if `keep` would not write it to this place, a ValueError, KeyError or TypeError."""
    content = json.loads(path.read_bytes())
    if content["format"] != 1:
        raise ValueError(content["format"])
    entry = Entry(from_plain(content["request"]), content["file"], content["sha256"])
    answer = path.with_name(path.name.removesuffix(_MANIFEST) + _ANSWER)
    if root / entry.file != answer or root / _folder(entry.request) != path.parent:
        raise ValueError(entry.file)
    if not _SHA256.fullmatch(entry.sha256):
        raise ValueError(entry.sha256)
    return entry
