"""What a vault's trades may still lose."""

from __future__ import annotations

from shoal.sim.venue import Context
from shoal.venues.vault.guards import Guards


class SlippageBudget:
    """Adds up losses and lets them come back with time; every write goes through the journal.

    Args:
        guards: how large the budget is, and how fast it comes back.

    Source: Enzyme's CumulativeSlippageTolerancePolicy.
    """

    def __init__(self, guards: Guards) -> None:
        self.guards = guards
        self.spent = 0
        self.updated_s = 0

    @property
    def state(self) -> tuple[int, int]:
        """What was spent, in parts of the net asset value times ``guards.LOSS_UNIT``, and when that was reckoned."""
        return self.spent, self.updated_s

    def left_ppm(self, now_s: int) -> int:
        """Whole millionths of the net asset value that may be lost now."""
        return self.guards.left_ppm(self._still_spent(now_s))

    def spend(self, context: Context, who: str, *, loss: int, nav: int) -> None:
        """Add a loss.

        Raises:
            BudgetSpent: it does not fit.
        """
        spent = self.guards.spend(who, spent=self._still_spent(context.now_s), loss=loss, nav=nav)
        context.journal.write(vars(self), "spent", spent)
        context.journal.write(vars(self), "updated_s", context.now_s)

    def _still_spent(self, now_s: int) -> int:
        return self.guards.replenished(self.spent, elapsed_s=now_s - self.updated_s)
