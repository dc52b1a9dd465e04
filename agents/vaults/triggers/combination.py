"""Several triggers as one."""

from __future__ import annotations

from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.trigger import Move, Trigger
from shoal.agents.vaults.triggers.never import Never
from shoal.agents.vaults.triggers.once import Once


class AnyOf:
    """Moves when one of its triggers does; where several do, to where the first of them goes.

    Args:
        triggers: in order of precedence; all of them are asked every time, so that each sees every look.

    Raises:
        ValueError: there are none.

    Source: practice: a calendar that does not wait where a threshold is crossed.
    """

    __slots__ = ("_asking", "_triggers")

    def __init__(self, *triggers: Trigger) -> None:
        self._triggers = _some(triggers)
        self._asking: tuple[Trigger, ...] = ()

    def destination(self, portfolio: Portfolio, target: Weights) -> Move | None:
        """Where the first trigger that moves wants to go."""
        moves = [(trigger, trigger.destination(portfolio, target)) for trigger in self._triggers]
        found = [(trigger, move) for trigger, move in moves if move is not None]
        self._asking = tuple(trigger for trigger, _ in found)
        return found[0][1] if found else None

    def fired(self, now_ns: int) -> None:
        """Pass it on to those that had asked for a move."""
        for trigger in self._asking:
            trigger.fired(now_ns)
        self._asking = ()


class AllOf:
    """Moves when all of its triggers do, to where the first of them goes.

    A trigger that wanted to move while others did not is told that this is done with: a calendar inside is a calendar
    of looks, and a date on which the others saw no reason does not stay open until they do.

    Args:
        triggers: the one that says where to go first.

    Raises:
        ValueError: there are none, or one that ends after a single move.

    Source: practice: look on dates, and trade only what has drifted.
    """

    __slots__ = ("_triggers",)

    def __init__(self, *triggers: Trigger) -> None:
        self._triggers = _some(triggers)
        ended = [type(trigger).__name__ for trigger in triggers if isinstance(trigger, Never | Once)]
        if ended:
            raise ValueError(f"all of: {', '.join(ended)} would count what the others declined as its only move")

    def destination(self, portfolio: Portfolio, target: Weights) -> Move | None:
        """Where the first trigger wants to go, if all want to move."""
        moves = [(trigger, trigger.destination(portfolio, target)) for trigger in self._triggers]
        found = [(trigger, move) for trigger, move in moves if move is not None]
        if len(found) == len(moves):
            return Move(found[0][1].weights, " and ".join(move.reason for _, move in found))
        for trigger, _ in found:
            trigger.fired(portfolio.now_ns)
        return None

    def fired(self, now_ns: int) -> None:
        """Pass it on."""
        for trigger in self._triggers:
            trigger.fired(now_ns)


def _some(triggers: tuple[Trigger, ...]) -> tuple[Trigger, ...]:
    if not triggers:
        raise ValueError("a combination needs at least one trigger")
    return triggers
