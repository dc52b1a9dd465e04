"""What was run, and what a reader must know before believing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from shoal.experiments.manifest import text_of
from shoal.experiments.report.cells import Cell, Column, Sheet, duration, plain_sheet

if TYPE_CHECKING:
    from shoal.experiments.measures.measured import Measured

_NS: Final = 1_000_000_000
_SYSTEM: Final = ("version", "python", "platform", "seed", "start", "end")


def parameter_sheet(manifest: Mapping[str, Any]) -> Sheet:
    """Every parameter with unit, tag, source and explanation, as they were when it ran."""
    values, tags = dict(_leaves(manifest.get("parameters", {}))), manifest.get("tags", {})
    rows = []
    for path, value in values.items():
        tag = tags.get(path)
        if tag is None:
            rows.append((Cell(path), Cell(text_of(value)), Cell(""), Cell(""), Cell("")))
            continue
        changed = text_of(value) != tag["default"]
        rows.append(
            (
                Cell(path),
                Cell(f"{text_of(value)} {tag['unit']}".strip()),
                Cell("not the default" if changed else tag["kind"], tone="set" if changed else tag["kind"]),
                Cell(tag["explain"]),
                Cell(f"default {tag['default']}" if changed else tag["source"]),
            )
        )
    headings = ("parameter", "value", "tag", "meaning", "source")
    return Sheet("Every parameter of the study", tuple(Column(name, name) for name in headings), tuple(rows))


def tag_counts(sheet: Sheet) -> tuple[tuple[str, int], ...]:
    """How many parameters stand on what."""
    return tuple(Counter(row[2].text for row in sheet.rows if row[2].text).most_common())


def notes(manifest: Mapping[str, Any]) -> list[str]:
    """What a reader must know: where prices come from, what is the model's, which limits were set."""
    found = [*_price_notes(manifest.get("prices", {})), *_limit_notes(manifest.get("parameters", {}))]
    found += _gathered(str(label) for label in manifest.get("labels", ()))
    pure = sorted(name for name, how in manifest.get("kernels", {}).items() if how == "pure")
    if pure:
        found.append(f"Kernels in pure Python: {', '.join(pure)}. Results are the same, only slower.")
    return found


def _gathered(labels: Iterable[str]) -> Iterator[str]:
    """Labels, those that say the same of several venues in one."""
    venues: dict[str, list[str]] = {}
    for label in labels:
        venue, _, text = label.partition(": ")
        venues.setdefault(text, []).append(venue)
    for text, names in venues.items():
        yield f"{', '.join(names)}: {text}" if text else names[0]


def loop_notes(manifest: Mapping[str, Any], measured: Measured) -> list[str]:
    """What a reader must know of liquidations and of today's protocols on prices that were recorded."""
    if manifest.get("prices", {}).get("kind") == "generated":
        return []
    found = []
    days = " to ".join(str(manifest[name])[:10] for name in ("start", "end") if manifest.get(name))
    if measured.has("liquidations"):
        found.append(
            "The recorded path already contains what was liquidated on those days. What liquidations here add to the "
            "fall is a marginal effect on top of it, not their share in it; how much liquidations amplify a fall is "
            "measured on a generated shock."
        )
    if any(measured.has(name) for name in ("liquidations", "vault_orders", "attacks")):
        found.append(
            f"An anachronism: prices of {days or 'the past'} meet today's protocols (vaults with guards, lending "
            "markets, bundles and private order flow), which did not exist then in this form."
        )
    return found


def price_sheet(manifest: Mapping[str, Any]) -> Sheet:
    """Where prices come from, as recorded."""
    prices = manifest.get("prices", {})
    rows = [("kind", prices.get("kind", "")), ("symbols", ", ".join(prices.get("symbols", ())))]
    rows += [(path, text_of(value)) for path, value in _leaves(prices.get("provenance", {}))]
    return plain_sheet("Outside prices", ("entry", "value"), rows)


def system_sheet(manifest: Mapping[str, Any]) -> Sheet:
    """Seed, versions, and the hashes of what was read and written."""
    rows = [(name, text_of(manifest[name])) for name in _SYSTEM if name in manifest]
    rows += [(f"library {name}", text_of(value)) for name, value in manifest.get("libraries", {}).items()]
    rows += [(f"kernel {name}", text_of(value)) for name, value in manifest.get("kernels", {}).items()]
    rows += [(f"SHA-256 of input {name}", text_of(value)) for name, value in manifest.get("inputs", {}).items()]
    for name, entry in manifest.get("outputs", {}).items():
        digest = entry.get("sha256", "") if isinstance(entry, Mapping) else entry
        if digest and name.endswith(".parquet"):
            rows.append((f"SHA-256 of {name}", text_of(digest)))
    return plain_sheet("Seed, versions and hashes", ("entry", "value"), rows)


def problems(manifest: Mapping[str, Any]) -> list[str]:
    """Why this result must not be taken for a finished, sound one; empty if it may."""
    found = []
    if not manifest.get("complete", False):
        failure = manifest.get("failure") or {}
        status = str(manifest.get("status", "incomplete"))
        reason = str(failure.get("reason") or "it was stopped before its end")
        agent = failure.get("agent")
        found.append(
            f"This run is {status}: {f'{agent}: ' if agent else ''}{reason}. What follows covers what was recorded."
        )
    broken = {asset: value for asset, value in manifest.get("conservation", {}).items() if value}
    if broken:
        listed = ", ".join(f"{asset} {value}" for asset, value in broken.items())
        found.append(f"Money was not conserved: {listed} base units. Nothing below can be trusted.")
    return found


def _price_notes(prices: Mapping[str, Any]) -> Iterator[str]:
    provenance = prices.get("provenance", {})
    model = provenance.get("model", {})
    kind, step_s = prices.get("kind"), prices.get("source_step_ns", 0) / _NS
    if kind == "generated":
        yield f"Outside prices are generated by a model, {model.get('name', 'unnamed')}: nothing in them has happened."
    elif kind == "bridged":
        yield (
            f"Finer than the data: the model's. The file gives a price every {duration(step_s)}; between them runs a "
            f"{model.get('name', 'bridge')} that honours each bar, and whatever is faster than {duration(step_s)} is "
            "the model's."
        )
    for symbol, note in provenance.get("quotes", {}).items():
        yield f"{symbol}: {note}."
    missing = {symbol: count for symbol, count in provenance.get("missing_bars", {}).items() if count}
    if missing:
        yield (
            "Bars missing in the file and bridged: "
            + ", ".join(f"{name} {count}" for name, count in missing.items())
            + "."
        )


def _limit_notes(parameters: Mapping[str, Any]) -> Iterator[str]:
    outside = parameters.get("outside", {})
    if not isinstance(outside, Mapping) or "permanent_share" not in outside:
        return
    depth = outside.get("depth_quote_tokens")
    if str(depth) in ("inf", "Infinity"):
        yield "Limit: the outside market has unlimited depth, trades do not move its price."
    elif outside["permanent_share"] == 0:
        yield "Limit: the outside path is untouchable, no impact on its price lasts."
    else:
        yield (
            f"The outside market moves with the flow from inside: {text_of(depth)} quote tokens move it by 1 %, "
            f"{outside['permanent_share']:.0%} of that stays, the rest halves every "
            f"{text_of(outside.get('half_life_s'))} s."
        )


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
