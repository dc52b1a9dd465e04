"""Credit on the chain: a lending market for each symbol, its lender, borrowers and liquidators."""

from __future__ import annotations

from typing import Final

from shoal.agents.borrower import Borrower
from shoal.agents.lender import Lender
from shoal.agents.liquidator import Liquidator
from shoal.experiments.market.borrowers import Loan, draw_loans
from shoal.experiments.market.hosts import CHAIN, COLOCATED, EXCHANGE, INTERNET, OUTSIDE
from shoal.experiments.market.loop_parameters import BorrowerGroup, LendingGroup, LiquidatorGroup
from shoal.experiments.market.parameters import CustodyGroup, GasGroup
from shoal.experiments.market.population import endow_gas, endow_half, gas_terms, moving_terms
from shoal.experiments.market.venues import Pair
from shoal.sim.draws import Stream
from shoal.sim.units import PPM
from shoal.sim.world import World
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_market import LendingMarket

_RESERVE: Final = 0.5
"""Collateral that who tops up has left, of what it put up; assumed."""
_RESTORED_ABOVE_LOW: Final = 0.15


def lending_name(symbol: str) -> str:
    """The name of a symbol's lending market."""
    return f"{symbol} lending"


def add_lending(world: World, pair: Pair, lending: LendingGroup, *, gas: GasGroup) -> LendingMarket:
    """Add the lending market of a symbol and its lender."""
    market = LendingMarket(
        lending_name(pair.symbol),
        collateral=pair.base,
        loan=pair.quote,
        oracle=pair.oracle,
        lltv_ppm=lending.lltv_ppm,
        rate=KinkedRate(
            kink_ppm=round(lending.kink * PPM),
            slope_below_ppm=round(lending.slope * PPM),
            slope_above_ppm=round(lending.steep * PPM),
        ),
    )
    world.hosts[CHAIN].add(market)
    name, amount = f"{pair.symbol} lender", pair.quote.amount(lending.supply_quote_tokens)
    world.endow(name, CHAIN, pair.quote, amount)
    endow_gas(world, name, gas.user_tokens)
    Lender(world, name, place=INTERNET, market=market.name, amount=amount, gas=gas_terms(gas))
    return market


def add_borrowers(world: World, pair: Pair, borrowers: BorrowerGroup, lending: LendingGroup, *, gas: GasGroup) -> None:
    """Add the borrowers of a symbol; each opens its position as soon as it is granted."""

    def stream(purpose: str) -> Stream:
        return world.draws.stream(f"{pair.symbol} borrowers", purpose)

    loans = draw_loans(
        borrowers.borrowers, preset=borrowers.preset, watchful_share=borrowers.watchful_share, stream=stream
    )
    for number, loan in enumerate(loans):
        _add_borrower(world, pair, f"{pair.symbol} borrower {number}", loan, borrowers, lending, gas)


def _add_borrower(
    world: World, pair: Pair, name: str, loan: Loan, borrowers: BorrowerGroup, lending: LendingGroup, gas: GasGroup
) -> None:
    owed = float(borrowers.debt_quote_tokens) * loan.debt_share
    debt = pair.quote.floor(owed)
    collateral = pair.base.floor(owed * loan.health / (lending.lltv_ppm / PPM * pair.price))
    if debt <= 0 or collateral <= 0:
        raise ValueError(
            f"{name}: of {borrowers.debt_quote_tokens} {pair.quote.symbol} its share is less than one unit: "
            "raise the debt or lower the number of borrowers"
        )
    reserve = pair.base.floor(pair.base.tokens(collateral) * _RESERVE) if loan.conduct == "tops up" else 0
    world.endow(name, CHAIN, pair.base, collateral + reserve)
    endow_gas(world, name, gas.user_tokens)
    low = borrowers.low_health
    Borrower(
        world,
        name,
        place=INTERNET,
        market=lending_name(pair.symbol),
        collateral=collateral,
        debt=debt,
        conduct=loan.conduct,
        low_health=low,
        restored_health=low + _RESTORED_ABOVE_LOW,
        pools=pair.pool_names,
        gas=gas_terms(gas),
    )


def add_liquidators(
    world: World, pair: Pair, liquidators: LiquidatorGroup, *, gas: GasGroup, custody: CustodyGroup
) -> None:
    """Add the liquidators of a symbol; each next one bids more, and every second submits privately."""
    for index in range(liquidators.liquidators):
        name = f"{pair.symbol} liquidator {index}"
        hosts = (EXCHANGE, OUTSIDE, CHAIN)
        endow_half(world, name, hosts, pair, liquidators.capital_quote_tokens, gas_tokens=gas.arbitrageur_tokens)
        Liquidator(
            world,
            name,
            place=COLOCATED,
            market=lending_name(pair.symbol),
            pools=pair.pool_names,
            hedges=(pair.book.name, pair.outside.name),
            sold_at_once=liquidators.sold_at_once,
            minimum_profit_quote_tokens=liquidators.minimum_profit_quote_tokens,
            tip_share=min(1.0, liquidators.tip_share * (1.0 + 0.1 * index)),
            slippage_ppm=liquidators.slippage_ppm,
            gas=gas_terms(gas),
            builder="builder" if index % 2 else None,
            rebalance=moving_terms(custody),
            active=liquidators.liquidate,
        )
