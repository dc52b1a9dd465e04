"""A scalar of one replicate, with its control from a counterfactual world."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """What a study wants to know of one replicate; replicates turn it into a mean with an interval.

    Args:
        name: what it is; the same in every replicate.
        unit: of the value.
        value: in the base world, usually; NaN where this replicate has none.
        control: the same in the world where one action is switched off; None for a figure without a control.
        world: the name of that world.
        topic: under which figures stand together; the name up to its first comma when there is none.

    >>> Figure("cost", "bps", 12.0, control=9.5, world="no-attack").effect
    2.5
    """

    name: str
    unit: str
    value: float
    control: float | None = None
    world: str = ""
    topic: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a figure needs a name")

    @property
    def effect(self) -> float:
        """The value less its control; the value alone without one."""
        return self.value if self.control is None else self.value - self.control
