"""A lending market in the small market: an oracle that follows the outside price, a lender, and debtors."""

from tests.agents.laws import ETH, GAS, PRICE, SECOND_NS, USDC

from shoal.agents.borrower import Borrower
from shoal.agents.lender import Lender
from shoal.agents.oracle_reporter import OracleReporter
from shoal.sim.world import World
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.oracle import Oracle

LLTV_PPM = 860_000


def add_lending(
    world: World, *, healths: tuple[float, ...] = (), debt: str = "20000", lender: bool = True
) -> LendingMarket:
    """Add oracle, reporter, lending market, lender, and a passive debtor of each health at the starting price."""
    chain = world.hosts["chain"]
    oracle = Oracle("judge", ETH, USDC, reporter="reporter", deviation_ppm=2_000, heartbeat_s=3_600)
    lending = LendingMarket("lending", collateral=ETH, loan=USDC, oracle=oracle, lltv_ppm=LLTV_PPM, rate=KinkedRate())
    chain.add(oracle)
    chain.add(lending)
    for owner in ("reporter", "lender"):
        world.endow(owner, "chain", ETH, ETH.amount(10))
    world.endow("lender", "chain", USDC, USDC.amount(5_000_000))
    OracleReporter(
        world,
        "reporter",
        place="chain",
        oracle="judge",
        sources=("outside",),
        interval_ns=SECOND_NS,
        delay_ns=0,
        gas=GAS,
    )
    if lender:
        Lender(world, "lender", place="chain", market="lending", amount=USDC.amount(4_000_000), gas=GAS)
    for number, health in enumerate(healths):
        owner = f"debtor {number}"
        collateral = ETH.floor(health * float(debt) / (LLTV_PPM / 1e6 * PRICE))
        world.endow(owner, "chain", ETH, collateral + ETH.amount(1))
        Borrower(
            world,
            owner,
            place="chain",
            market="lending",
            collateral=collateral,
            debt=USDC.amount(debt),
            conduct="passive",
            gas=GAS,
        )
    return lending
