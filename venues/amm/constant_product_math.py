"""Integer arithmetic of the constant product pool, as the contracts do it, stateless.

Amounts are base units. Where the contracts compute in 256 bits and revert beyond, so do these functions; the fee is
a fraction in lowest terms first, so that 3000 ppm is the contracts' own 997/1000.

Source: Uniswap v2-core 1.0.1 (``UniswapV2Pair``, ``Math``, ``UQ112x112``), v2-periphery (``UniswapV2Library``).
"""

from __future__ import annotations

from math import gcd, isqrt
from typing import Final

from shoal.sim.errors import InsufficientInput, InsufficientLiquidity, Overflow
from shoal.sim.units import PPM

FEE_PPM: Final = 3000
MINIMUM_LIQUIDITY: Final = 1000
UINT32: Final = 2**32
UINT112_MAXIMUM: Final = 2**112 - 1
UINT256: Final = 2**256
_Q112: Final = 2**112
_WHO: Final = "constant product"


def checked(value: int, *, who: str = _WHO) -> int:
    """The value, if it fits into 256 bits.

    Raises:
        Overflow: it does not.
    """
    if not 0 <= value < UINT256:
        raise Overflow(who, f"{value.bit_length()} bits", "at most 256 bits")
    return value


def amount_out(amount_in: int, reserve_in: int, reserve_out: int, *, fee_ppm: int = FEE_PPM, who: str = _WHO) -> int:
    """The most that an exact input buys, rounded down; the fee is taken from the input.

    Raises:
        InsufficientInput: nothing was put in.
        InsufficientLiquidity: a reserve is empty.
        Overflow: a product exceeds 256 bits.

    Source: ``UniswapV2Library.getAmountOut``.

    >>> amount_out(10**18, 5 * 10**18, 10 * 10**18)
    1662497915624478906
    """
    if amount_in <= 0:
        raise InsufficientInput(who, amount_in, 1, "base units in")
    _require_reserves(reserve_in, reserve_out, who)
    kept, whole = _fee_fraction(fee_ppm)
    net_in = checked(amount_in * kept, who=who)
    numerator = checked(net_in * reserve_out, who=who)
    return numerator // checked(reserve_in * whole + net_in, who=who)


def amount_in(amount_out: int, reserve_in: int, reserve_out: int, *, fee_ppm: int = FEE_PPM, who: str = _WHO) -> int:
    """The input that buys an exact output, rounded up; at a fee of 0 it may be one base unit above the least.

    Raises:
        InsufficientInput: nothing was asked for.
        InsufficientLiquidity: a reserve is empty, or all or more of one was asked for.
        Overflow: a product exceeds 256 bits.

    Source: ``UniswapV2Library.getAmountIn``.

    >>> amount_in(1662497915624478906, 5 * 10**18, 10 * 10**18)
    1000000000000000000
    """
    if amount_out <= 0:
        raise InsufficientInput(who, amount_out, 1, "base units out")
    _require_reserves(reserve_in, reserve_out, who)
    if amount_out >= reserve_out:
        raise InsufficientLiquidity(who, reserve_out, amount_out + 1, "base units out")
    kept, whole = _fee_fraction(fee_ppm)
    numerator = checked(checked(reserve_in * amount_out, who=who) * whole, who=who)
    return checked(numerator // checked((reserve_out - amount_out) * kept, who=who) + 1, who=who)


def equivalent(amount: int, reserve: int, other_reserve: int, *, who: str = _WHO) -> int:
    """As much of the other asset as is worth the amount at the pool's ratio, rounded down.

    Raises:
        InsufficientInput: the amount is 0.
        InsufficientLiquidity: a reserve is empty.
        Overflow: a product exceeds 256 bits.

    Source: ``UniswapV2Library.quote``.

    >>> equivalent(3, 1000, 2000)
    6
    """
    if amount <= 0:
        raise InsufficientInput(who, amount, 1, "base units")
    _require_reserves(reserve, other_reserve, who)
    return checked(amount * other_reserve, who=who) // reserve


def invariant_holds(
    balances: tuple[int, int], amounts_in: tuple[int, int], reserves: tuple[int, int], *, fee_ppm: int = FEE_PPM
) -> bool:
    """Whether the product of the balances, the fee on what came in taken off, is at least that of the reserves.

    Source: ``UniswapV2Pair.swap``, require K.
    """
    kept, whole = _fee_fraction(fee_ppm)
    fee = whole - kept
    adjusted = (balances[0] * whole - amounts_in[0] * fee) * (balances[1] * whole - amounts_in[1] * fee)
    return adjusted >= reserves[0] * reserves[1] * whole * whole


def first_liquidity(amount_0: int, amount_1: int, *, who: str = _WHO) -> int:
    """Liquidity of the first deposit: the root of the product, rounded down, less what stays locked for ever.

    Raises:
        InsufficientInput: that would be nothing.
        Overflow: the product exceeds 256 bits.

    >>> first_liquidity(10**18, 4 * 10**18)
    1999999999999999000
    """
    root = isqrt(checked(amount_0 * amount_1, who=who))
    if root <= MINIMUM_LIQUIDITY:
        raise InsufficientInput(who, root, MINIMUM_LIQUIDITY + 1, "liquidity units")
    return root - MINIMUM_LIQUIDITY


def protocol_liquidity(supply: int, product: int, last_product: int) -> int:
    """Liquidity minted to the protocol: a sixth of the growth in the root of the product since ``last_product``.

    Rounded down; 0 while the product was not recorded or has not grown.
    Source: ``UniswapV2Pair._mintFee``.
    """
    if last_product == 0:
        return 0
    root, last_root = isqrt(product), isqrt(last_product)
    return supply * (root - last_root) // (root * 5 + last_root) if root > last_root else 0


def accumulated(cumulative: int, reserve: int, other_reserve: int, elapsed_s: int) -> int:
    """The price accumulator of an asset: other reserve over reserve in UQ112x112, times seconds, modulo 2**256.

    >>> accumulated(0, 1000, 1000, 3) == 3 * 2**112
    True
    """
    return (cumulative + other_reserve * _Q112 // reserve * elapsed_s) % UINT256


def _fee_fraction(fee_ppm: int) -> tuple[int, int]:
    """What is kept of each input, and of how much, in lowest terms."""
    divisor = gcd(PPM - fee_ppm, PPM)
    return (PPM - fee_ppm) // divisor, PPM // divisor


def _require_reserves(reserve_in: int, reserve_out: int, who: str) -> None:
    if reserve_in <= 0 or reserve_out <= 0:
        raise InsufficientLiquidity(who, min(reserve_in, reserve_out), 1, "base units in reserve")
