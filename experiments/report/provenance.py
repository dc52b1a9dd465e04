"""What was run, and what a reader must know before believing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shoal.experiments.errors import InputError
from shoal.experiments.registry import find_study
from shoal.experiments.report.cells import Cell, Column, Sheet, duration, plain_sheet
from shoal.experiments.study import describe

_NS: Final = 1_000_000_000
_SYSTEM: Final = ("version", "python", "platform", "seed", "start", "end")


def parameter_sheet(manifest: Mapping[str, Any]) -> Sheet:
    """Every parameter with unit, tag, source and explanation; without the study's code just name and value."""
    values = dict(_leaves(manifest.get("parameters", {})))
    try:
        known = {each.path: each for each in describe(find_study(str(manifest.get("study"))))}
    except InputError:
        known = {}
    rows = []
    for path, value in values.items():
        described = known.get(path)
        if described is None:
            rows.append((Cell(path), Cell(_text(value)), Cell(""), Cell(""), Cell("")))
            continue
        tag, changed = described.parameter.tag, _text(value) != _text(described.default)
        source = ", ".join(part for part in (tag.source, tag.date) if part)
        rows.append(
            (
                Cell(path),
                Cell(f"{_text(value)} {described.parameter.unit}".strip()),
                Cell("not the default" if changed else tag.kind, tone="set" if changed else tag.kind),
                Cell(described.parameter.explain),
                Cell(f"default {_text(described.default)}" if changed else source),
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
    found += [str(label) for label in manifest.get("labels", ())]
    pure = sorted(name for name, how in manifest.get("kernels", {}).items() if how == "pure")
    if pure:
        found.append(f"Kernels in pure Python: {', '.join(pure)}. Results are the same, only slower.")
    return found


def price_sheet(manifest: Mapping[str, Any]) -> Sheet:
    """Where prices come from, as recorded."""
    prices = manifest.get("prices", {})
    rows = [("kind", prices.get("kind", "")), ("symbols", ", ".join(prices.get("symbols", ())))]
    rows += [(path, _text(value)) for path, value in _leaves(prices.get("provenance", {}))]
    return plain_sheet("Outside prices", ("entry", "value"), rows)


def system_sheet(manifest: Mapping[str, Any]) -> Sheet:
    """Seed, versions, and the hashes of what was read and written."""
    rows = [(name, _text(manifest[name])) for name in _SYSTEM if name in manifest]
    rows += [(f"library {name}", _text(value)) for name, value in manifest.get("libraries", {}).items()]
    rows += [(f"kernel {name}", _text(value)) for name, value in manifest.get("kernels", {}).items()]
    rows += [(f"SHA-256 of input {name}", _text(value)) for name, value in manifest.get("inputs", {}).items()]
    for name, entry in manifest.get("outputs", {}).items():
        digest = entry.get("sha256", "") if isinstance(entry, Mapping) else entry
        if digest and name.endswith(".parquet"):
            rows.append((f"SHA-256 of {name}", _text(digest)))
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
            f"The outside market moves with the flow from inside: {_text(depth)} quote tokens move it by 1 %, "
            f"{outside['permanent_share']:.0%} of that stays, the rest halves every "
            f"{_text(outside.get('half_life_s'))} s."
        )


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(each) for each in value)
    if isinstance(value, float):
        return f"{value:,.0f}".replace(",", "\u202f") if value.is_integer() and abs(value) >= 1e4 else f"{value:g}"
    return str(value)
