import pytest

from shoal.experiments.errors import ColumnError
from shoal.experiments.prices.columns import recognise
from shoal.experiments.prices.sheet import Sheet

BAR = ("open", "high", "low", "close")


def sheet(*names):
    return Sheet("a.csv", names, 1, 2, "csv", "", lambda _: None)


@pytest.mark.parametrize(
    "time", ["ts", "time", "timestamp", "Date", "datetime", "open_time", "Open time", "OpenTime", "unix"]
)
def test_times_are_found_by_name(time):
    assert recognise(sheet(time, *BAR)).time == time


@pytest.mark.parametrize("symbol", ["symbol", "Symbol", "pair", "PAIR", "ticker"])
def test_symbols_are_found_by_name(symbol):
    assert recognise(sheet("ts", symbol, *BAR)).symbol == symbol
    assert recognise(sheet("ts", *BAR)).symbol is None


@pytest.mark.parametrize(
    "names", [BAR, ("Open", "High", "Low", "Close"), ("open_price", "high_price", "low_price", "close_price")]
)
def test_bars_are_found_by_name(names):
    layout = recognise(sheet("ts", *names, "Volume", "price"))
    assert (layout.shape, layout.prices, layout.volumes) == ("ohlc", dict(zip(BAR, names, strict=True)), ("Volume",))


@pytest.mark.parametrize("price", ["price", "Price", "close", "CLOSE"])
def test_one_price_is_enough(price):
    layout = recognise(sheet("ts", price))
    assert (layout.shape, layout.prices) == ("price", {"price": price})
    assert layout.as_mapping() == {"time": "ts", "price": price}


def test_a_mapped_name_settles_an_ambiguity():
    assert recognise(sheet("unix", "date", *BAR), {"time": "unix"}).time == "unix"
    assert recognise(sheet("ts", "price", "close"), {"price": "close"}).prices == {"price": "close"}
    assert recognise(sheet("ts", "weth_usd", *BAR), {"price": "weth_usd"}).shape == "price"


def test_long_lists_of_columns_are_cut_short():
    with pytest.raises(ColumnError, match="and 40 more") as caught:
        recognise(sheet(*(f"column{number}" for number in range(52))))
    assert len(str(caught.value)) < 500
