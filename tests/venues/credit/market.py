"""A lending market on a chain with its oracle, and what its tests send to it."""

from tests.venues.laws import SENDERS, fund, make_chain, perform

from shoal.sim.calls import Call, Outcome
from shoal.sim.hosts.chain import Chain
from shoal.sim.units import Asset
from shoal.sim.world import World
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.oracle import Oracle, answer_of

BTC, ETH, USDC = Asset("BTC", 8), Asset("ETH", 18), Asset("USDC", 6)
FREE = KinkedRate(base_ppm=0, slope_below_ppm=0, slope_above_ppm=0)
REPORTER = "reporter"


def call(verb: str, **arguments: object) -> Call:
    """A call to the market."""
    return Call("lending", verb, arguments)


def open_market(
    *,
    collateral: Asset = BTC,
    price: float | None = 20_000.0,
    lltv_ppm: int = 860_000,
    rate: KinkedRate | None = None,
    fee_ppm: int = 0,
    maximum_price_age_s: int | None = None,
    tokens: int = 10**7,
) -> tuple[World, LendingMarket]:
    """A market of some collateral against USDC, its oracle's first answer, and rich senders."""
    chain = make_chain()
    oracle = Oracle("oracle", collateral, USDC, reporter=REPORTER, deviation_ppm=1, heartbeat_s=10**9)
    chain.add(oracle)
    market = LendingMarket(
        "lending",
        collateral=collateral,
        loan=USDC,
        oracle=oracle,
        lltv_ppm=lltv_ppm,
        rate=KinkedRate() if rate is None else rate,
        fee_ppm=fee_ppm,
        fee_recipient="treasury" if fee_ppm else None,
        maximum_price_age_s=maximum_price_age_s,
    )
    chain.add(market)
    fund(chain, (collateral, USDC), tokens=tokens, owners=(*SENDERS, "lender"))
    # Off the blocks' own instants, so that a pause of whole blocks ends behind one.
    chain.world.run(until_ns=chain.world.clock.now_ns + 5)
    if price is not None:
        report(chain.world, market, price)
    return chain.world, market


def report(world: World, market: LendingMarket, price: float) -> None:
    """Let the oracle's reporter write a price."""
    assert isinstance(world.hosts["chain"], Chain)
    perform(world, market.oracle, Call("oracle", "report", {"answer": answer_of(price)}), sender=REPORTER)


def do(world: World, market: LendingMarket, sender: str, verb: str, **arguments: object) -> Outcome:
    """Send one call that must succeed."""
    return perform(world, market, call(verb, **arguments), sender=sender)


def indebt(world: World, market: LendingMarket, owner: str, *, collateral: int, debt: int) -> None:
    """Give an owner a position, base units."""
    do(world, market, owner, "supply_collateral", amount=collateral)
    do(world, market, owner, "borrow", amount=debt)
