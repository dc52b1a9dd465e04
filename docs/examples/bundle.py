"""
A chain: bundles, simulation, and a block without a transaction
===============================================================

Transactions wait in a public pool, where anyone may read them one latency late. A searcher sees a purchase, asks the
chain what would happen, and sends a bundle to the builder: transactions that land together, in order, or not at all.
Afterwards the block is executed again without the searcher.
"""

from shoal.sim.agent import Agent
from shoal.sim.calls import Bundle, Call, OutputOf, Transaction
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct

SECOND_NS, GWEI = 10**9, 10**9
world = World(seed=7)
eth, usdc = world.asset("ETH", 18), world.asset("USDC", 6)
chain = Chain(
    world, "chain", native=eth, schedule=ConstantBlocks(12 * SECOND_NS), base_fee_wei=GWEI, builders={"builder": 1.0}
)
pool = ConstantProduct("pool", eth, usdc)
chain.add(pool)
for owner, ether, dollars in (("provider", "1001", "2000000"), ("user", "1", "50000"), ("searcher", "10", "200000")):
    world.endow(owner, "chain", eth, eth.amount(ether))
    world.endow(owner, "chain", usdc, usdc.amount(dollars))


def buy(amount, minimum_out=0):
    """The call that pays USDC into the pool for ETH."""
    arguments = {"asset_in": usdc, "amount_in": amount, "minimum_out": minimum_out}
    return Call("pool", "swap_exact_in", arguments)


def sell(amount):
    """The call that pays ETH into the pool for USDC."""
    return Call("pool", "swap_exact_in", {"asset_in": eth, "amount_in": amount, "minimum_out": 0})


# %%
# A transaction is a tuple of calls, all or none. ``OutputOf(0)`` is whatever call 0 gives, known only when it runs.


class Provider(Agent):
    """Fills the pool in the first block."""

    def run(self):
        deposit = {"amount_base": eth.amount("1000"), "amount_quote": usdc.amount("2000000")}
        yield self.transact("chain", Call("pool", "add_liquidity", deposit), max_fee_wei=10 * GWEI, max_tip_wei=GWEI)


class User(Agent):
    """Buys for 40,000 USDC through the public pool; the pool shows 19.55 ETH, and 2 % less will do."""

    def run(self):
        yield self.sleep(14 * SECOND_NS)
        call = buy(usdc.amount("40000"), minimum_out=eth.amount("19.15"))
        self.receipt = yield self.transact("chain", call, max_fee_wei=10 * GWEI, max_tip_wei=GWEI)


class Searcher(Agent):
    """Buys before what it sees in the public pool and sells after it, and tips more, or the user would come first."""

    def run(self):
        yield self.sleep(13 * SECOND_NS)
        yield self.changed("chain pool")
        victim = chain.pending(self.place)[-1].transaction
        terms = {"max_fee_wei": 10 * GWEI, "max_tip_wei": 3 * GWEI}
        first = Transaction("searcher", (buy(usdc.amount("9000")),), nonce=0, **terms)
        bought = chain.simulate([first])[0].outcome.output
        last = Transaction("searcher", (sell(bought),), nonce=1, **terms)
        self.simulated = chain.simulate([first, victim, last])
        self.receipt = yield self.send_bundle("chain", Bundle((first, victim, last)), builder="builder")


Provider(world, "provider", place="home")
user, searcher = User(world, "user", place="home"), Searcher(world, "searcher", place="home")
world.run(until_ns=30 * SECOND_NS)

# %%
# The simulation ran on the state after the last block and changed nothing. The block did what it said.

paid, got = usdc.amount("9000"), searcher.simulated[2].outcome.output
print(f"the searcher made {usdc.text(got - paid)} USDC before gas, in block {searcher.receipt.block}")
assert [one.outcome.output for one in searcher.simulated if one.outcomes][1] == user.receipt.outcome.output

# %%
# What did it cost the user? The same block, executed again without the searcher's two transactions. This changes
# nothing either: the ledger is as it was, byte for byte.

before = world.ledger.state_bytes()
landed = chain.replay_last_block()
searchers = [number for number, receipt in landed.items() if number != user.receipt.number]
undisturbed = chain.replay_last_block(without=searchers)[user.receipt.number].outcome.output
lost = undisturbed - user.receipt.outcome.output
print(f"the user got {eth.text(user.receipt.outcome.output)} ETH instead of {eth.text(undisturbed)}")
assert lost > 0
assert world.ledger.state_bytes() == before

# %%
# A limit is what protects a user: had it asked for the quote itself, the bundle would not have landed. Chained calls
# need no limit between them, because nobody can come in between.

there_and_back = (buy(usdc.amount("1000")), sell(OutputOf(0)))
receipt = chain.simulate([Transaction("user", there_and_back, max_fee_wei=10 * GWEI, max_tip_wei=GWEI)])[0]
print(f"1,000 USDC there and back: {usdc.text(receipt.outcome.output)} USDC, twice the fee of 0.3 % less")
assert set(world.conservation().values()) == {0}
