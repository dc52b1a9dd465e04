"""The interest that borrowers pay, as a function of how much of the supply is lent out."""

from __future__ import annotations

from dataclasses import dataclass

from shoal.sim.units import PPM, SECONDS_PER_YEAR
from shoal.venues.credit.lending_math import WAD, WAD_PER_PPM


@dataclass(frozen=True, slots=True)
class KinkedRate:
    """Interest that rises linearly up to an optimal utilisation and steeply above it.

    Rates are in millionths a year, compounded by the market; the defaults are Aave's for USDC in 2023.

    Args:
        base_ppm: at utilisation 0.
        kink_ppm: the optimal utilisation, 1 % to 99 %.
        slope_below_ppm: added between 0 and the kink.
        slope_above_ppm: added between the kink and full utilisation.

    Raises:
        ValueError: a parameter is out of range: the kink, a negative rate, or more than 1000 % a year in all.

    Source: Aave v3, ``DefaultReserveInterestRateStrategy``; its bounds.

    >>> rate = KinkedRate(base_ppm=0, kink_ppm=900_000, slope_below_ppm=35_000, slope_above_ppm=600_000)
    >>> rate.per_year_wad(WAD // 2) / 1e18
    0.019444444444444445
    """

    base_ppm: int = 0
    kink_ppm: int = 900_000
    slope_below_ppm: int = 35_000
    slope_above_ppm: int = 600_000

    def __post_init__(self) -> None:
        rates = (self.base_ppm, self.slope_below_ppm, self.slope_above_ppm)
        if any(type(rate) is not int or rate < 0 for rate in rates) or sum(rates) > 10 * PPM:
            raise ValueError(f"rates must be whole ppm a year >= 0 and at most {10 * PPM} together, had {rates}")
        if type(self.kink_ppm) is not int or not PPM // 100 <= self.kink_ppm <= PPM - PPM // 100:
            raise ValueError(f"the kink must be whole ppm from 10000 to 990000, had {self.kink_ppm!r}")

    def per_year_wad(self, utilisation_wad: int) -> int:
        """The rate a year at a utilisation, both times 10**18, rounded down; above 1 it is that of 1."""
        kink = self.kink_ppm * WAD_PER_PPM
        rate = self.base_ppm * WAD_PER_PPM
        if utilisation_wad <= kink:
            return rate + self.slope_below_ppm * WAD_PER_PPM * utilisation_wad // kink
        excess = min(utilisation_wad, WAD) - kink
        below = self.slope_below_ppm * WAD_PER_PPM
        return rate + below + self.slope_above_ppm * WAD_PER_PPM * excess // (WAD - kink)

    def per_second_wad(self, total_borrow: int, total_supply: int) -> int:
        """The rate a second, times 10**18, rounded down, for so much lent out of so much supplied."""
        utilisation = total_borrow * WAD // total_supply if total_supply else 0
        return self.per_year_wad(utilisation) // SECONDS_PER_YEAR
