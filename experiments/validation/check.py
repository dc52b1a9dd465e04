"""The verdict on one figure of a closed form, and the rule by which it is passed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

LARGEST_Z: Final = 4.0
LARGEST_RELATIVE_ERROR: Final = 0.005


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure as theory gives it and as the engine gives it.

    Exactly one of ``standard_error`` and ``tolerance`` is above 0: a figure with chance in it has a standard error, a
    deterministic one a tolerance that covers the rounding to whole base units.

    Args:
        quantity: what is estimated, with its unit.
        theory: the closed form's value.
        engine: the engine's value.
        standard_error: of the engine's value, same unit; 0 where nothing is random.
        tolerance: the largest deviation that rounding explains, same unit; 0 where the figure is random.
        detail: sizes, and anything a reader needs to judge it.

    Raises:
        ValueError: neither or both of standard error and tolerance are above 0.
    """

    quantity: str
    theory: float
    engine: float
    standard_error: float = 0.0
    tolerance: float = 0.0
    detail: str = ""

    def __post_init__(self) -> None:
        if (self.standard_error > 0.0) == (self.tolerance > 0.0):
            raise ValueError(
                f"{self.quantity}: needs a standard error or a tolerance above 0, "
                f"had {self.standard_error!r} and {self.tolerance!r}"
            )

    @property
    def z(self) -> float:
        """Deviation in standard errors; of a deterministic figure, in quarters of its tolerance."""
        return (self.engine - self.theory) / (self.standard_error or self.tolerance / LARGEST_Z)

    @property
    def passed(self) -> bool:
        """Whether |z| < 4 and the standard error is at most 0.5 % of the theory's value.

        >>> Estimate("share", 0.5, 0.501, standard_error=0.001).passed
        True
        >>> Estimate("share", 0.51, 0.5, standard_error=0.001).passed
        False
        >>> Estimate("share", 0.5, 0.5, standard_error=0.01).passed
        False
        """
        sharp = self.standard_error <= LARGEST_RELATIVE_ERROR * abs(self.theory)
        return sharp and abs(self.z) < LARGEST_Z


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``shoal validate``.

    Args:
        name: the closed form, its parameters and the quantity.
        source: paper, section or equation.
        theory: the closed form's value.
        engine: the engine's value.
        standard_error: of the engine's value; 0 for deterministic figures.
        z: deviation in standard errors; of a deterministic figure, in quarters of its tolerance.
        passed: the verdict.
        seconds: processor seconds of the form's runs, which all its figures share.
        detail: sizes, tolerances, remarks.
    """

    name: str
    source: str
    theory: float
    engine: float
    standard_error: float
    z: float
    passed: bool
    seconds: float
    detail: str

    def row(self) -> dict[str, Any]:
        """The line as plain values, for JSON."""
        return asdict(self)
