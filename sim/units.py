"""Assets and exact amounts: whole base units inside, decimal text at the edges."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_DECIMAL = re.compile(r"([0-9]{1,78})(?:\.([0-9]{1,77}))?")
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
MAXIMUM_DECIMALS = 36
_UNITS: Final[tuple[int, ...]] = tuple(10**decimals for decimals in range(MAXIMUM_DECIMALS + 1))

NANOSECONDS_PER_SECOND = 1_000_000_000
SECONDS_PER_YEAR = 365 * 24 * 3600
PPM = 1_000_000


class _AssetFields(NamedTuple):
    symbol: str
    decimals: int


class Asset(_AssetFields):
    """A kind of money: its symbol and how many decimals one whole token has.

    Raises:
        ValueError: the symbol is not plain text, or the decimals are outside 0 to 36.

    >>> Asset("BTC", 8).amount("0.5")
    50000000
    >>> Asset("BTC", 8).text(50000000)
    '0.5'
    """

    __slots__ = ()

    def __new__(cls, symbol: str, decimals: int) -> Asset:  # noqa: D102 - the class says it
        if not _SYMBOL.fullmatch(symbol):
            raise ValueError(f"asset symbol {symbol!r}: use 1 to 64 letters, digits, '.', '_', '/' or '-'")
        if type(decimals) is not int or not 0 <= decimals <= MAXIMUM_DECIMALS:
            raise ValueError(f"asset {symbol}: decimals must be a whole number from 0 to 36, had {decimals!r}")
        return super().__new__(cls, symbol, decimals)

    def __str__(self) -> str:
        return self.symbol

    @property
    def unit(self) -> int:
        """Base units in one whole token."""
        return _UNITS[self.decimals]

    def amount(self, text: str | int) -> int:
        """Turn decimal text (or a whole number) of tokens into base units, exactly.

        Raises:
            ValueError: not a plain non-negative decimal, or finer than a base unit.
        """
        if isinstance(text, bool) or not isinstance(text, str | int):
            raise ValueError(f"amount of {self.symbol}: give a whole number or decimal text, not {text!r}")
        # Python refuses to write ints of thousands of digits.
        shown = "a huge int" if isinstance(text, int) and text.bit_length() > 300 else str(text)
        match = _DECIMAL.fullmatch(shown)
        if match is None:
            raise ValueError(f"amount of {self.symbol}: {shown[:40]!r} is no plain decimal number such as '12.5'")
        whole, fraction = match.group(1), (match.group(2) or "").rstrip("0")
        if len(fraction) > self.decimals:
            raise ValueError(f"amount of {self.symbol}: {text!r} is finer than {self.decimals} decimals")
        return int(whole) * self.unit + int(fraction.ljust(self.decimals, "0") or "0")

    def text(self, amount: int) -> str:
        """Write base units as decimal text of whole tokens, exactly."""
        sign, magnitude = ("-" if amount < 0 else ""), abs(amount)
        whole, fraction = divmod(magnitude, self.unit)
        digits = str(fraction).rjust(self.decimals, "0").rstrip("0") if self.decimals else ""
        return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"

    def tokens(self, amount: int) -> float:
        """Base units as a float of whole tokens, for beliefs and plots, never for settlement."""
        return float(amount / self.unit)

    def floor(self, tokens: float) -> int:
        """The largest whole number of base units not above the float product tokens x unit.

        Raises:
            ValueError: not a finite number.
        """
        scaled = tokens * self.unit
        if not abs(scaled) < 1e300:
            raise ValueError(f"amount of {self.symbol}: {tokens!r} is not a finite number")
        return int(scaled // 1)


class Account(NamedTuple):
    """Whose money, and where: the same owner's money on an exchange is not its money on a chain."""

    owner: str
    host: str

    def __str__(self) -> str:
        return f"{self.owner} on {self.host}"
