"""The base fee of the next block."""

from __future__ import annotations

ELASTICITY = 2
CHANGE_DENOMINATOR = 8


def next_base_fee_wei(base_fee_wei: int, gas_used: int, gas_limit: int) -> int:
    """The base fee after a block that used this much gas.

    Above target it rises by at least 1 wei; below target the change is rounded down and may be 0.

    Source: EIP-1559.

    >>> next_base_fee_wei(10**9, 30_000_000, 30_000_000), next_base_fee_wei(10**9, 0, 30_000_000)
    (1125000000, 875000000)
    """
    target = gas_limit // ELASTICITY
    if gas_used == target:
        return base_fee_wei
    change = base_fee_wei * abs(gas_used - target) // target // CHANGE_DENOMINATOR
    return base_fee_wei + max(change, 1) if gas_used > target else base_fee_wei - change
