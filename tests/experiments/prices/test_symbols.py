import pytest

from shoal.experiments.errors import OptionError, Place, SymbolError
from shoal.experiments.prices.symbols import as_note, match_symbols, split_symbol

PLACE = Place("a.csv", column="symbol")


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("BTC-USD", ("BTC", "USD")),
        ("BTC/USDT", ("BTC", "USDT")),
        ("BTC_USDC", ("BTC", "USDC")),
        ("BTC USD", ("BTC", "USD")),
        ("BTCUSDT", ("BTC", "USDT")),
        ("BTCFDUSD", ("BTC", "FDUSD")),
        ("ETHBTC", ("ETH", "BTC")),
        ("ethusdt", ("ETH", "USDT")),
        ("USDCUSDT", ("USDC", "USDT")),
        ("USDT", ("USDT", None)),
        ("1000SHIBUSDT", ("1000SHIB", "USDT")),
        ("BTC/USDT:USDT", ("BTC", "USDT")),
        ("BTC", ("BTC", None)),
        ("WBTC-USD", ("WBTC", "USD")),
    ],
)
def test_a_symbol_has_base_and_quote(text, pair):
    assert split_symbol(text) == pair


@pytest.mark.parametrize("written", ["BTC-USD", "BTC/USDT", "BTCUSDT", "btc-usd", "BTC", "XBT-USD"])
def test_a_base_finds_its_only_symbol(written):
    base = split_symbol(written)[0]
    (match,) = match_symbols([base.lower()], ["ETH-USD", written, "WBTC-USD"], PLACE)
    assert (match.base, match.written) == (base, written)


def test_how_the_quote_was_taken_is_noted():
    matches = match_symbols(["BTC", "ETH", "SOL"], ["BTC-USD", "ETHUSDC", "SOL"], PLACE)
    assert as_note(matches) == {
        "BTC": "USD counts as USDC at par",
        "ETH": "ETHUSDC is quoted in USDC",
        "SOL": "SOL names no quote asset: prices are taken as USDC per SOL",
    }


def test_other_bases_do_not_match():
    with pytest.raises(SymbolError, match="'BTC' is not in the file"):
        match_symbols(["BTC"], ["WBTC-USD", "BTCB-USD"], PLACE)


def test_candidates_are_listed_and_a_full_name_decides():
    written = ["BTC-USD", "BTCUSDT"]
    with pytest.raises(SymbolError, match="'BTC' could be BTC-USD, BTCUSDT"):
        match_symbols(["BTC"], written, PLACE)
    assert match_symbols(["BTCUSDT"], written, PLACE)[0].written == "BTCUSDT"


@pytest.mark.parametrize("written", ["BTC-EUR", "BTCJPY", "ETH/BTC"])
def test_only_dollars_are_quotes(written):
    with pytest.raises(SymbolError, match="are needed in dollars"):
        match_symbols([written], [written], PLACE)


@pytest.mark.parametrize("name", ["=cmd()", "../../etc", "A" * 21, "Ƀ", "BTC\0", ""])
def test_what_is_no_symbol(name):
    with pytest.raises(SymbolError):
        match_symbols([name], None, PLACE)


def test_many_symbols_are_not_all_listed():
    with pytest.raises(SymbolError, match="and 10 more"):
        match_symbols(["NONE"], [f"T{number}-USD" for number in range(30)], PLACE)


def test_a_text_is_not_a_list_of_symbols():
    with pytest.raises(OptionError, match="at least one is needed"):
        match_symbols("BTC", ["BTC"], PLACE)
