"""Integer arithmetic of Morpho Blue: shares, interest, health, incentive; every rounding says its direction."""

from __future__ import annotations

from typing import Final

from shoal.sim.errors import Overflow
from shoal.sim.units import PPM

WAD: Final = 10**18
WAD_PER_PPM: Final = WAD // PPM
ORACLE_PRICE_SCALE: Final = 10**36
VIRTUAL_SHARES: Final = 10**6
VIRTUAL_ASSETS: Final = 1
MAXIMUM_FEE_PPM: Final = 250_000
UINT128_MAXIMUM: Final = 2**128 - 1
_UINT256_MAXIMUM: Final = 2**256 - 1
_LIQUIDATION_CURSOR_WAD: Final = 3 * WAD // 10
_MAXIMUM_INCENTIVE_WAD: Final = 115 * WAD // 100


def mul_div_down(left: int, right: int, divisor: int) -> int:
    """Left x right / divisor, rounded down.

    Raises:
        Overflow: the product does not fit into 256 bits.
    """
    product = left * right
    if product > _UINT256_MAXIMUM:
        raise Overflow("a product of the lending market")
    return product // divisor


def mul_div_up(left: int, right: int, divisor: int) -> int:
    """Left x right / divisor, rounded up.

    Raises:
        Overflow: the product does not fit into 256 bits.
    """
    product = left * right + divisor - 1
    if product > _UINT256_MAXIMUM:
        raise Overflow("a product of the lending market")
    return product // divisor


def to_shares_down(assets: int, total_assets: int, total_shares: int) -> int:
    """Shares for an amount of assets, rounded down; virtual shares and assets make a market's first price.

    >>> to_shares_down(5, 0, 0)
    5000000
    """
    return mul_div_down(assets, total_shares + VIRTUAL_SHARES, total_assets + VIRTUAL_ASSETS)


def to_shares_up(assets: int, total_assets: int, total_shares: int) -> int:
    """Shares for an amount of assets, rounded up."""
    return mul_div_up(assets, total_shares + VIRTUAL_SHARES, total_assets + VIRTUAL_ASSETS)


def to_assets_down(shares: int, total_assets: int, total_shares: int) -> int:
    """Assets for shares, rounded down."""
    return mul_div_down(shares, total_assets + VIRTUAL_ASSETS, total_shares + VIRTUAL_SHARES)


def to_assets_up(shares: int, total_assets: int, total_shares: int) -> int:
    """Assets for shares, rounded up."""
    return mul_div_up(shares, total_assets + VIRTUAL_ASSETS, total_shares + VIRTUAL_SHARES)


def compounded_growth_wad(rate_wad: int, seconds: int) -> int:
    """exp(rate x seconds) - 1 by its first three terms, each rounded down.

    Source: Morpho Blue, ``MathLib.wTaylorCompounded``.

    >>> compounded_growth_wad(WAD // 100, 10)
    105166666666666666
    """
    first = rate_wad * seconds
    second = mul_div_down(first, first, 2 * WAD)
    third = mul_div_down(second, first, 3 * WAD)
    return first + second + third


def interest(total_borrow: int, rate_wad: int, seconds: int) -> int:
    """What the debt grows by, rounded down, in base units."""
    return mul_div_down(total_borrow, compounded_growth_wad(rate_wad, seconds), WAD)


def incentive_factor_wad(lltv_wad: int) -> int:
    """What a liquidator seizes for each unit repaid: min(1.15, 1 / (1 - 0.3 (1 - LLTV))).

    Source: Morpho Blue, ``liquidate``, with its cursor and maximum.

    >>> incentive_factor_wad(86 * WAD // 100)
    1043841336116910229
    """
    discount = mul_div_down(_LIQUIDATION_CURSOR_WAD, WAD - lltv_wad, WAD)
    return min(_MAXIMUM_INCENTIVE_WAD, mul_div_down(WAD, WAD, WAD - discount))


def price_scale(collateral_decimals: int, loan_decimals: int, oracle_decimals: int) -> int:
    """What an oracle's answer is multiplied by to become loan base units for a collateral base unit, times 10**36.

    Raises:
        ValueError: the collateral has so many more decimals than the loan that the price would lose digits.
    """
    exponent = 36 + loan_decimals - collateral_decimals - oracle_decimals
    if exponent < 0:
        raise ValueError(
            f"a collateral of {collateral_decimals} decimals cannot be priced in a loan of {loan_decimals}: "
            f"at most {36 - oracle_decimals} more"
        )
    return int(10**exponent)


def borrowable(collateral: int, price: int, lltv_wad: int) -> int:
    """The most that may be owed against collateral, rounded down twice; price in 10**-36 of base units."""
    return mul_div_down(mul_div_down(collateral, price, ORACLE_PRICE_SCALE), lltv_wad, WAD)


def repayment(seized: int, price: int, factor_wad: int, total_borrow: int, total_shares: int) -> tuple[int, int]:
    """Assets and shares to repay for seizing so much collateral, rounded up.

    Source: Morpho Blue 1.0, ``liquidate`` by seized assets.
    """
    quoted = mul_div_up(mul_div_up(seized, price, ORACLE_PRICE_SCALE), WAD, factor_wad)
    shares = to_shares_up(quoted, total_borrow, total_shares)
    return to_assets_up(shares, total_borrow, total_shares), shares


def seizure(shares: int, price: int, factor_wad: int, total_borrow: int, total_shares: int) -> tuple[int, int]:
    """Collateral to seize, rounded down, and assets to repay, rounded up, for repaying so many shares.

    Source: Morpho Blue 1.0, ``liquidate`` by repaid shares.
    """
    worth = mul_div_down(to_assets_down(shares, total_borrow, total_shares), factor_wad, WAD)
    return mul_div_down(worth, ORACLE_PRICE_SCALE, price), to_assets_up(shares, total_borrow, total_shares)
