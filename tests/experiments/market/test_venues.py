from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.market.venues import tick_and_lot
from shoal.sim.units import Asset
from shoal.venues.book.order_book import OrderBook

USDC = Asset("USDC", 6)


@given(price=st.floats(0.9, 900_000), digits=st.integers(3, 7))
def test_every_price_gets_a_grid_on_which_no_trade_rounds(price: float, digits: int) -> None:
    tick, lot = tick_and_lot(price, digits=digits, quote_decimals=6)
    if USDC.decimals >= len(tick.partition(".")[2]):
        book = OrderBook("book", Asset("BTC", 18), USDC, tick=tick, lot=lot)
        assert book.grid.notional_unit == 1
    shown = price / float(tick)
    assert 10 ** (digits - 1) * 0.999 <= shown <= 10**digits * 1.001


def test_the_grids_of_bitcoin_and_ether() -> None:
    assert tick_and_lot(8_000.0, digits=6, quote_decimals=6) == ("0.01", "0.0001")
    assert tick_and_lot(190.0, digits=6, quote_decimals=6) == ("0.001", "0.001")
    assert tick_and_lot(64_000.0, digits=6, quote_decimals=6) == ("0.1", "0.00001")
