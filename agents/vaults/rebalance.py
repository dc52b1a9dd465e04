"""A rebalance in hand, how one ends, and what carries it out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import simpy

from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.trigger import Move

if TYPE_CHECKING:
    from shoal.agents.vaults.desk import Desk
    from shoal.agents.vaults.log import Opened

Result = Literal["done", "partial", "refused", "held"]


class Ended(NamedTuple):
    """How a rebalance ended, and why: ``partial`` is not all, ``refused`` nothing, ``held`` nothing to do."""

    result: Result
    why: str = ""


@dataclass(slots=True)
class Rebalance:
    """A rebalance while it is carried out.

    Args:
        number: counts the vault's decisions from 1.
        decided_ns: when it was decided.
        portfolio: what it was decided on.
        weights: where it leads.
        reason: why the trigger wanted it.
        opened: its entry in the experimenter's book, if there is one.
        part: slices sent so far.
        traded: whether anything has been traded.
    """

    number: int
    decided_ns: int
    portfolio: Portfolio
    weights: Weights
    reason: str
    opened: Opened | None = None
    part: int = 0
    traded: bool = False

    def ended(self, why: str = "") -> Ended:
        """How it ended: all done without a reason, else with what there was traded."""
        if not why:
            return Ended("done")
        return Ended("partial" if self.traded else "refused", why)


class Execution(ABC):
    """How a vault's orders are carried out."""

    borrows: bool = False
    """Whether it can hold weights above 1."""

    def prepare(self, desk: Desk) -> None:  # noqa: B027 - most have nothing to prepare
        """Check at the start that everything needed is there.

        Raises:
            ValueError: something is missing.
        """

    def urgent(self, portfolio: Portfolio) -> Move | None:
        """A move that cannot wait for the trigger, or None."""
        return None

    @abstractmethod
    def carry_out(self, desk: Desk, rebalance: Rebalance) -> Generator[simpy.Event, Any, Ended]:
        """Trade from the portfolio to the rebalance's weights; waits for everything it sent."""
