"""From the figures of all replicates to tables and estimates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from shoal.experiments.replicates.estimate import Estimate, Sample, estimate

if TYPE_CHECKING:
    from shoal.experiments.figure import Figure

_TYPES: Final[Mapping[str, pa.DataType]] = {"str": pa.string(), "int": pa.int64(), "float": pa.float64()}
_FIGURES: Final = pa.schema(
    [
        ("replicate", pa.int64()),
        ("path", pa.int64()),
        ("seed", pa.uint64()),
        ("name", pa.string()),
        ("unit", pa.string()),
        ("world", pa.string()),
        ("value", pa.float64()),
        ("control", pa.float64()),
        ("effect", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Taken:
    """The figures of one replicate.

    Args:
        replicate: its number, from 1.
        path: the number of its path, from 1.
        seed: its seed.
        figures: as the study gave them.
    """

    replicate: int
    path: int
    seed: int
    figures: tuple[Figure, ...]


def estimates(taken: Sequence[Taken], *, level: float) -> list[Estimate]:
    """An estimate of each figure, in the order in which the study first gave them."""
    samples: dict[tuple[str, str, str], list[Sample]] = {}
    topics: dict[tuple[str, str, str], str] = {}
    for each in taken:
        for figure in each.figures:
            key = (figure.name, figure.unit, figure.world)
            samples.setdefault(key, []).append(Sample(each.path, figure.value, figure.control))
            topics.setdefault(key, figure.topic)
    return [estimate(*key, found, level=level, topic=topics[key]) for key, found in samples.items()]


def summary_table(found: Sequence[Estimate]) -> pa.Table:
    """One row an estimate; what cannot be said is NaN."""
    schema = pa.schema([(each.name, _TYPES[str(each.type)]) for each in fields(Estimate)])
    return pa.Table.from_pylist([asdict(each) for each in found], schema=schema)


def figure_table(taken: Sequence[Taken]) -> pa.Table:
    """One row a figure and replicate; a figure without a control has NaN there."""
    rows = [
        {
            "replicate": each.replicate,
            "path": each.path,
            "seed": each.seed,
            "name": figure.name,
            "unit": figure.unit,
            "world": figure.world,
            "value": float(figure.value),
            "control": math.nan if figure.control is None else float(figure.control),
            "effect": float(figure.effect),
        }
        for each in taken
        for figure in each.figures
    ]
    return pa.Table.from_pylist(rows, schema=_FIGURES)


def manifest_entries(found: Sequence[Estimate]) -> list[dict[str, Any]]:
    """The estimates as the manifest holds them: None instead of NaN."""
    return [
        {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in asdict(each).items()}
        for each in found
    ]
