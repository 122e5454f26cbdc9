"""Why does a candle look like this? All that is known about one candle, on one screen.

Reads the published database, as any reader would, and the raw answers that the candle names; changes nothing. The
candle is computed once more, in plain Python from the raw answers, and compared.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone

from btc_pipeline.commands import answers
from btc_pipeline.errors import ConfigurationError
from btc_pipeline.lake import exceptions, raw_archive, versions
from btc_pipeline.market import instants, live_point
from btc_pipeline.market.formatting import percent_text
from btc_pipeline.settings import parsers
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.warehouse import published
from btc_pipeline.warehouse.duckdb_files import quoted
from btc_pipeline.warehouse.published import Row

_SLOT_SECONDS = {"hourly": 3600, "5-minute": 300}
_DAY_MS = 86_400_000


def explained(workspace: Workspace, coin_id: str, vs_currency: str, day: date) -> str:
    """The candle's values, certificate, raw answers, points, checks and revisions, as text of one screen.

    Raises:
        ConfigurationError: nothing is published, or there is no such candle.
        DatabaseError: the published database cannot be read.
    """
    coin = f"coin_id = {quoted(coin_id)} and vs_currency = {quoted(vs_currency)}"
    of_day = f"{coin} and date = {quoted(day.isoformat())}"
    of_gaps = (
        f"{coin} and gap_from < {quoted((day + timedelta(days=1)).isoformat())} and gap_to > {quoted(day.isoformat())}"
    )
    conditions = {"second_opinions": of_day, "price_gaps": of_gaps, "price_anomalies": of_day}
    facts, candles, sources, revisions, *others = published.read(
        workspace.published,
        "select key, value from publication",
        f"select * from daily_candlestick where {of_day}",
        f"select * from candle_sources where {of_day} order by extracted_at",
        f"select * from candle_revisions where {of_day} order by revised_at, observed_at, field",
        *(f"select * from {table} where {condition}" for table, condition in conditions.items()),
    )
    about = {str(fact["key"]): str(fact["value"]) for fact in facts}
    if not candles:
        raise ConfigurationError(
            f"there is no candle of {coin_id} / {vs_currency} on {day}", f"run it with --date {day}"
        )
    blocks = [
        [
            f"{coin_id} / {vs_currency} on {day} (UTC)   {candles[0]['status']}   {candles[0]['source']}",
            f"published {about['published_at']} by the {published.run_of(about)}, as of {about['as_of']},"
            f" contract {about['contract']}",
        ],
        _of_candle(candles[0]),
        _of_sources(workspace, candles[0], sources, _withdrawn(candles[0], revisions)),
        _of_checks(workspace, about),
        _of_exceptions(workspace, candles[0]),
        _of_revisions(revisions),
        *(_of_other(table, rows) for table, rows in zip(conditions, others, strict=True)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def _of_candle(candle: Row) -> list[str]:
    prices = "   ".join(f"{name} {candle[name]!r}" for name in ("open", "high", "low", "close"))
    return [
        f"candle       {prices}",
        f"             24 h volume {candle['volume_24h']!r} (rolling)   market cap {candle['market_cap']!r}",
        f"certificate  {candle['points']} {candle['granularity']} points for {candle['expected_points']} slots,"
        f" coverage {percent_text(candle['coverage'])},"
        f" {_at(candle['first_point_at'])} to {_at(candle['last_point_at'])}",
        f"doubts       {', '.join(candle.get('doubts') or ()) or 'none'}",
    ]


def _withdrawn(candle: Row, revisions: Sequence[Row]) -> set[int]:
    """The stamps of the candle's series that CoinGecko has withdrawn."""
    return {
        _milliseconds(each["observed_at"])
        for each in revisions
        if each["reason"] == "coingecko_withdrew" and each["granularity"] == candle["granularity"]
    }


def _of_sources(workspace: Workspace, candle: Row, sources: Sequence[Row], withdrawn: set[int]) -> list[str]:
    """The raw answers with their checksums, and the candle computed from them once more."""
    lines = ["raw answers"]
    seen: dict[int, float] = {}
    for source in sources:
        file = str(source["archive_file"])
        try:
            entry = raw_archive.entry(workspace.raw, file, str(candle["source"]))
            body = json.loads(entry.read(workspace.raw))
            if entry.request.extracted_at != source["extracted_at"]:
                raise raw_archive.DamagedManifestError(
                    raw_archive.manifest_of(workspace.raw, file), "its instant is not the one that was loaded"
                )
        except raw_archive.DamagedAnswerError as error:
            lines.append(f"  MISSING OR DAMAGED: {error}")
            continue
        verdict = "checksum holds" if entry.sha256 == source["sha256"] else "ANOTHER FILE than the one that was loaded"
        requested = f"requested {_at(source['extracted_at'])}"
        lines += [f"  {file}", f"    {source['points']} points, {requested}, sha256 {entry.sha256[:12]}…, {verdict}"]
        seen.update(_points(candle, entry.request, body["prices"]))
    lines += [f"  {len(withdrawn)} points that CoinGecko has withdrawn are left out"] if withdrawn else []
    return [*lines, *_recomputed(candle, {stamp: price for stamp, price in seen.items() if stamp not in withdrawn})]


def _points(candle: Row, request: raw_archive.Request, pairs: Sequence[Sequence[float]]) -> dict[int, float]:
    """The answer's points of the day by stamp; what may be its live point only if that closes the candle."""
    day = candle["date"]
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp() * 1000)
    points = {int(stamp): price for stamp, price in pairs if midnight <= stamp < midnight + _DAY_MS}
    live = live_point.candidates([int(stamp) for stamp, _ in pairs], request.window_to, request.extracted_at)
    closing = _milliseconds(candle["last_point_at"])
    for stamp in live - ({closing} if candle["is_closed_by_live_point"] else set()):
        points.pop(stamp, None)
    return points


def _recomputed(candle: Row, seen: dict[int, float]) -> list[str]:
    if not seen:
        return ["points       none can be read: the candle cannot be computed again"]
    stamps = sorted(seen)
    prices = [seen[stamp] for stamp in stamps]
    again = {"open": prices[0], "high": max(prices), "low": min(prices), "close": prices[-1]}
    slots = {stamp // 1000 // _SLOT_SECONDS[candle["granularity"]] for stamp in stamps}
    longest = max((later - earlier for earlier, later in itertools.pairwise(stamps)), default=0)
    differing = {name: value for name, value in again.items() if value != candle[name]}
    verdict = f"DIFFERS: {differing}" if differing else "the same open, high, low and close"
    return [
        f"points       {len(stamps)} in {len(slots)} slots, the longest step {longest / 60_000:.0f} minutes;"
        f" high at {_time_of(again['high'], seen)}, low at {_time_of(again['low'], seen)}",
        f"             computed again from these answers, in plain Python: {verdict}",
    ]


def _of_checks(workspace: Workspace, about: dict[str, str]) -> list[str]:
    record = versions.of_build(workspace, about["run_date"], about["build"]) or {}
    results: dict[str, str] = record.get("checks", {})
    if not results:
        return ["checks       no record of this version"]
    warned = sorted(name for name, status in results.items() if status == "warn")
    return [
        f"checks       {len(results)} ran on this version, {len(results) - len(warned)} passed, {len(warned)} warned",
        *(f"  warned: {name}" for name in warned),
    ]


def _of_exceptions(workspace: Workspace, candle: Row) -> list[str]:
    """The decisions about answers whose window holds points of the candle's day."""
    ledger = exceptions.read(workspace.raw)
    day, pair = candle["date"], (candle["coin_id"], candle["vs_currency"])
    found: list[str] = []
    for decision in ledger.decisions:
        try:
            request = raw_archive.entry(workspace.raw, decision.archive_file).request
        except raw_archive.DamagedAnswerError:
            continue
        if tuple(request.pair) == pair and request.window_from.date() <= day <= request.window_to.date():
            found += [f"  {line}" for line in answers.lines(decision, ledger)]
    return ["exceptions", *found] if found else ["exceptions   none"]


def _of_revisions(revisions: Sequence[Row]) -> list[str]:
    if not revisions:
        return ["revisions    none"]
    lines = [f"revisions    {len(revisions)}"]
    for each in revisions[-12:]:
        subject = "candle" if each["observed_at"] is None else f"point {_at(each['observed_at'])}"
        change = f"{each['field']}: {each['old_value']} -> {each['new_value']}"
        lines.append(f"  {_at(each['revised_at'])}  {subject}  {change}  ({each['reason']})")
    return lines


def _of_other(table: str, rows: Sequence[Row]) -> list[str]:
    title = table.replace("_", " ")
    if not rows:
        return [f"{title}  none"]
    hidden = {"coin_id", "vs_currency", "date"}
    shown = [
        "  ".join(f"{name}={_shown(value)}" for name, value in row.items() if name not in hidden and value is not None)
        for row in rows
    ]
    return [title, *(f"  {line}" for line in shown)]


def _time_of(price: float, seen: dict[int, float]) -> str:
    stamp = min(stamp for stamp, value in seen.items() if value == price)
    return f"{datetime.fromtimestamp(stamp / 1000, tz=timezone.utc):%H:%M:%S}"


def _at(instant: datetime) -> str:
    return instants.text(instant)


def _milliseconds(instant: datetime) -> int:
    """The stamp of an instant of the published database, which is in UTC."""
    return round(instant.replace(tzinfo=timezone.utc).timestamp() * 1000)


def _shown(value: object) -> str:
    return _at(value) if isinstance(value, datetime) else f"{value:.6g}" if isinstance(value, float) else str(value)


def text(configured: Settings, workspace: Workspace, coin: str, day: date) -> str:
    """All that is known about a candle."""
    try:
        (coin_id,) = parsers.coins_as_typed(coin)
    except ValueError as error:
        raise ConfigurationError(f"bad coin {coin[:40]!r}: {error}", "name one coin, e.g. bitcoin") from None
    return "\n\n".join(explained(workspace, coin_id, currency, day) for currency in configured.vs_currencies)
