"""One move, and no other."""

from __future__ import annotations

from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.trigger import Move, Trigger


class Once:
    """Passes on what another trigger wants until one move was carried out, and then stays for good.

    The control of a vault that first has to build its position up.

    Args:
        trigger: whose first move counts.

    Source: counterfactual control; no model of its own.
    """

    __slots__ = ("_done", "_trigger")

    def __init__(self, trigger: Trigger) -> None:
        self._trigger = trigger
        self._done = False

    def destination(self, portfolio: Portfolio, target: Weights) -> Move | None:
        """What the other trigger wants, if nothing was carried out yet."""
        return None if self._done else self._trigger.destination(portfolio, target)

    def fired(self, now_ns: int) -> None:
        """That was it."""
        self._done = True
