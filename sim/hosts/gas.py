"""Gas: what a transaction may use, has used, and pays per unit."""

from __future__ import annotations

from typing import Final

from shoal.sim.calls import Transaction
from shoal.sim.errors import GasLimitExceeded

INTRINSIC_GAS: Final = 21_000
TRANSACTION_GAS_CAP: Final = 16_777_216
"""Source: EIP-7825."""


class GasMeter:
    """Counts gas against a limit, intrinsic gas included; what runs out has used it all."""

    __slots__ = ("_limit", "_sender", "used")

    def __init__(self, limit: int, sender: str) -> None:
        self.used = INTRINSIC_GAS
        self._limit = limit
        self._sender = sender

    def spend(self, gas: int) -> None:
        """Use gas.

        Raises:
            GasLimitExceeded: the limit is reached; all of it counts as used.
        """
        if self.used + gas > self._limit:
            needed, self.used = self.used + gas, self._limit
            raise GasLimitExceeded(self._sender, self._limit, needed, "gas")
        self.used += gas


def tip_wei(transaction: Transaction, base_fee_wei: int) -> int:
    """What goes to the proposer per gas at this base fee (negative: the fee cap is below the base fee).

    Source: EIP-1559.
    """
    return min(transaction.max_tip_wei, transaction.max_fee_wei - base_fee_wei)
