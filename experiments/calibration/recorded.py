"""Which recordings the study is calibrated on, and all fits to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shoal.experiments.calibration.book_depth import DepthProfile, profile
from shoal.experiments.calibration.book_market import fit_book_market
from shoal.experiments.calibration.fit import Fitted
from shoal.experiments.calibration.gas_demand import fit_gas_demand
from shoal.experiments.calibration.level_three import read_level_three
from shoal.experiments.calibration.level_two import read_level_two
from shoal.experiments.calibration.pool_market import fit_pool_market
from shoal.experiments.calibration.pool_recording import read_pool
from shoal.experiments.calibration.positions import fit_positions

SMALL_ORDERS: Final = "lob_l3_bitstamp_btcusd_orders_2026-05-02.parquet"
SMALL_TRADES: Final = "lob_l3_bitstamp_btcusd_trades_2026-05-02.parquet"
LARGE: Final = "lob_l2_binance_spot_btcusdt_2024-08-08_09.parquet"
COIN_PERPETUAL: Final = "lob_l2_binance_coinm_btcusd_perp_2024-08-08_09.parquet"
DOLLAR_PERPETUAL: Final = "lob_l2_binance_usdm_btcusdt_2024-08-08.parquet"
POOL: Final = "univ3_usdc_weth_polygon_1m_2022-07-19_08-22.parquet"
POOL_IN_CRASH: Final = "univ3_usdc_weth_polygon_1m_2023-08-13_17.parquet"
GAS: Final = "gas_price_1m_2023-08-14_17.parquet"
ETHER: Final = "weth_usd_1m_2023-08-13_17.parquet"
POSITIONS: Final = "crvusd_positions_2024-01-30.parquet"
MARKETS: Final = "crvusd_market_params_2024-01-30.json"
COIN_CONTRACT_USD: Final = 100.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """All fits.

    Args:
        small: the small exchange, every order recorded: its scale is the study's book.
        small_depth: its depth by distance.
        large: the large exchange: the outside market.
        perpetuals: two perpetuals of the large exchange, for comparison only.
        pool: the pool in an ordinary month.
        pool_in_crash: the pool in a quiet week that ends with a fall.
        gas: gas prices.
        positions: borrowers of five lending markets.
    """

    small: Fitted
    small_depth: DepthProfile
    large: Fitted
    perpetuals: tuple[Fitted, ...]
    pool: Fitted
    pool_in_crash: Fitted
    gas: Fitted
    positions: Fitted

    @property
    def all(self) -> tuple[Fitted, ...]:
        """Everything that was fitted."""
        return self.small, self.large, *self.perpetuals, self.pool, self.pool_in_crash, self.gas, self.positions


def fit_all(folder: Path) -> Recorded:
    """Fit everything to the files of a folder, read in place.

    Raises:
        InputError: a file is missing, damaged, or lacks a column.
    """
    small = read_level_three(folder / SMALL_ORDERS, folder / SMALL_TRADES)
    coin = read_level_two(folder / COIN_PERPETUAL, contract_quote_tokens=COIN_CONTRACT_USD)
    return Recorded(
        small=fit_book_market(small),
        small_depth=profile(small),
        large=fit_book_market(read_level_two(folder / LARGE)),
        perpetuals=(fit_book_market(coin), fit_book_market(read_level_two(folder / DOLLAR_PERPETUAL))),
        pool=fit_pool_market(read_pool(folder / POOL)),
        pool_in_crash=fit_pool_market(read_pool(folder / POOL_IN_CRASH)),
        gas=fit_gas_demand(folder / GAS, folder / ETHER),
        positions=fit_positions(folder / POSITIONS, folder / MARKETS),
    )
