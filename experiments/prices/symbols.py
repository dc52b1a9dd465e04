"""Which rows are which asset: `BTC` is the one symbol of the file whose base is BTC."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from shoal.experiments.errors import OptionError, Place, SymbolError

# Quote assets that end a symbol written without a separator; the longest that fits is taken.
_QUOTES: Final = (
    "FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USDP", "USDE", "DAI", "USD",
    "EUR", "GBP", "JPY", "KRW", "TRY", "BTC", "ETH", "BNB",
)  # fmt: skip
_DOLLARS: Final = frozenset(("USD", "USDC", "USDT", "FDUSD", "BUSD", "TUSD", "USDP", "DAI"))
_BASE: Final = re.compile(r"[A-Z0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Match:
    """A symbol asked for, and what it is in the file.

    Args:
        base: the base symbol, in capitals.
        written: the symbol as in the file; None when the file names none.
        note: how the quote asset was taken.
    """

    base: str
    written: str | None
    note: str


def split_symbol(text: str) -> tuple[str, str | None]:
    """Base and quote of a symbol in capitals; the quote is None where the text names none.

    >>> split_symbol("BTC-USD"), split_symbol("btcusdt"), split_symbol("ETH/USDT:USDT"), split_symbol("BTC")
    (('BTC', 'USD'), ('BTC', 'USDT'), ('ETH', 'USDT'), ('BTC', None))
    """
    pair = text.upper().split(":")[0]
    parts = [part for part in re.split(r"[-/_ ]", pair) if part]
    if len(parts) > 1:
        return parts[0], parts[1]
    for quote in _QUOTES:
        if pair.endswith(quote) and len(pair) > len(quote):
            return pair.removesuffix(quote), quote
    return pair, None


def match_symbols(asked: Sequence[str], written: Sequence[str] | None, place: Place) -> tuple[Match, ...]:
    """Find each symbol asked for among those of the file, in the order asked.

    Args:
        asked: base symbols ("BTC"), or symbols as the file writes them.
        written: the file's distinct symbols; None when it has no column of symbols.
        place: file and column, for errors.

    Raises:
        OptionError: none asked for, one twice, or text that is no symbol.
        SymbolError: not in the file, several candidates, or a quote asset that is not the dollar.
    """
    if isinstance(asked, str) or not asked:
        raise OptionError(place, f"symbols are {asked!r}, and at least one is needed", "Name them, such as BTC,ETH.")
    if written is None:
        return (_unnamed(asked, place),)
    matches = tuple(_match(name, written, place) for name in asked)
    bases = [match.base for match in matches]
    for base in bases:
        if bases.count(base) > 1:
            raise OptionError(place, f"{base} is asked for twice", "Name each symbol once.")
    return matches


def _unnamed(asked: Sequence[str], place: Place) -> Match:
    if len(asked) > 1:
        raise SymbolError(
            place,
            f"the file has no column of symbols, and {len(asked)} are asked for ({', '.join(asked)})",
            "Ask for one, or hand in a file with a column symbol, pair or ticker.",
        )
    base, quote = split_symbol(asked[0])
    _check_base(base, place)
    _check_quote(base, asked[0], quote, place)
    return Match(base, None, f"the file names no symbol: its prices are taken as USDC per {base}")


def _match(name: str, written: Sequence[str], place: Place) -> Match:
    exact = [symbol for symbol in written if symbol == name]
    found = exact or [symbol for symbol in written if split_symbol(symbol)[0] == name.upper()]
    if len(found) != 1:
        raise SymbolError(place, *_why_not_one(name, found, written))
    base, quote = split_symbol(found[0])
    _check_base(base, place)
    _check_quote(base, found[0], quote, place)
    if quote is None:
        return Match(base, found[0], f"{found[0]} names no quote asset: prices are taken as USDC per {base}")
    if quote == "USDC":
        return Match(base, found[0], f"{found[0]} is quoted in USDC")
    return Match(base, found[0], f"{quote} counts as USDC at par")


def _why_not_one(name: str, found: Sequence[str], written: Sequence[str]) -> tuple[str, str]:
    if found:
        return f"{name!r} could be {', '.join(sorted(found))}", "Write the symbol in full, as in the file."
    bases = {split_symbol(symbol)[0]: symbol for symbol in written}
    near = get_close_matches(name.upper(), list(bases), n=1)
    hint = f"; the nearest is {bases[near[0]]}" if near else ""
    shown = ", ".join(sorted(written)[:20]) + (f" and {len(written) - 20} more" if len(written) > 20 else "")
    return f"{name!r} is not in the file{hint}", f"The file has {shown}."


def _check_base(base: str, place: Place) -> None:
    if not _BASE.fullmatch(base):
        raise SymbolError(place, f"{base[:40]!r} is no symbol", "Symbols are letters and digits, at most 20.")


def _check_quote(base: str, symbol: str, quote: str | None, place: Place) -> None:
    if quote is not None and quote not in _DOLLARS:
        raise SymbolError(
            place,
            f"{symbol} is quoted in {quote}, and prices of {base} are needed in dollars",
            f"Choose a file with one of {', '.join(sorted(_DOLLARS))} as quote.",
        )


def as_note(matches: Sequence[Match]) -> Mapping[str, str]:
    """Base to how its quote asset was taken, for the report."""
    return {match.base: match.note for match in matches}
