"""Recorded operations of Uniswap v2: pairs, the library's formulas, and the router over three tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import simpy

from shoal.experiments.verify import Comparison, Recording
from shoal.sim.calls import Call, Outcome, OutputOf, Transaction
from shoal.sim.draws import Stream
from shoal.sim.errors import (
    BadArguments,
    InsufficientInput,
    InsufficientLiquidity,
    InvariantViolated,
    Overflow,
    Refusal,
    SlippageExceeded,
)
from shoal.sim.hosts.chain import Chain
from shoal.sim.latency import ConstantLatency
from shoal.sim.units import NANOSECONDS_PER_SECOND, Account, Asset
from shoal.sim.world import World
from shoal.venues.amm import constant_product_math
from shoal.venues.amm.constant_product import ConstantProduct

# Blocks of one second are this far apart; a transaction needs 1 ns to the chain and 1 ns back.
_STEP_NS: Final = 10
_FUNDS: Final = 2**200
_TRADER: Final = "trader"
_PROTOCOL: Final = "protocol"

# The contracts' reasons by the end of their text; a revert without a known reason may be any refusal.
_REASONS: Final[Mapping[str, type[Refusal]]] = {
    "K": InvariantViolated,
    "OVERFLOW": Overflow,
    "INSUFFICIENT_LIQUIDITY": InsufficientLiquidity,
    "INSUFFICIENT_LIQUIDITY_MINTED": InsufficientInput,
    "INSUFFICIENT_LIQUIDITY_BURNED": InsufficientInput,
    "INSUFFICIENT_INPUT_AMOUNT": InsufficientInput,
    "INSUFFICIENT_A_AMOUNT": SlippageExceeded,
    "INSUFFICIENT_B_AMOUNT": SlippageExceeded,
    "EXCESSIVE_INPUT_AMOUNT": SlippageExceeded,
}


@dataclass(frozen=True, slots=True)
class RecordedBlocks:
    """A block for each operation at its recorded time, and then one a second."""

    blocks_ns: tuple[int, ...]

    @property
    def interval_ns(self) -> int:
        """A second."""
        return NANOSECONDS_PER_SECOND

    def times_ns(self, start_ns: int, stream: Stream) -> Iterator[int]:
        """The recorded times; then one block a second, in which nothing happens."""
        yield from self.blocks_ns
        last_ns = self.blocks_ns[-1] if self.blocks_ns else start_ns
        while True:
            last_ns += NANOSECONDS_PER_SECOND
            yield last_ns


class Replayer:
    """A chain on which each recorded operation is one transaction of one trader, alone in its block."""

    def __init__(self, start_s: int, pauses_s: Sequence[int]) -> None:
        start_ns = start_s * NANOSECONDS_PER_SECOND
        self._blocks_ns, now_s, within = [], start_s, 0
        for pause_s in pauses_s:
            now_s, within = now_s + pause_s, 0 if pause_s else within + _STEP_NS
            self._blocks_ns.append(now_s * NANOSECONDS_PER_SECOND + within)
        self.world = World(seed=0, start_ns=start_ns, latency=ConstantLatency(1))
        native = self.world.asset("ETH", 18)
        self.chain = Chain(
            self.world, "chain", native=native, schedule=RecordedBlocks(tuple(self._blocks_ns)), base_fee_wei=0
        )
        self._done = 0

    def add(self, pool: ConstantProduct) -> None:
        """Deploy a pool and give the trader plenty of both its tokens."""
        self.chain.add(pool)
        for asset in pool.assets[:2]:
            self.world.endow(_TRADER, self.chain.name, asset, _FUNDS)

    def balance(self, asset: Asset, owner: str) -> int:
        """What an owner holds on the chain."""
        return self.world.ledger.balance(asset, Account(owner, self.chain.name))

    def state(self) -> bytes:
        """The whole ledger and all pools."""
        pools = [venue.state_bytes() for _, venue in sorted(self.chain.venues.items())]
        return b"\n".join([self.world.ledger.state_bytes(), *pools])

    def execute(self, calls: Sequence[Call]) -> tuple[Outcome, ...] | Refusal:
        """Execute the next operation, at its time, as one transaction."""
        block_ns = self._blocks_ns[self._done]
        # Sent just before its block: a pool keeps nothing for days.
        if block_ns - 2 > self.world.clock.now_ns:
            self.world.run(until_ns=block_ns - 2)
        answer = simpy.Event(self.world.clock)
        self.chain.submit(Transaction(_TRADER, tuple(calls)), place="home", answer=answer)
        self.world.run(until_ns=block_ns + 2)
        self._done += 1
        result: Any = answer.value
        outcomes: tuple[Outcome, ...] | Refusal = result if isinstance(result, Refusal) else result.outcomes
        return outcomes


def replay(recording: Recording, comparison: Comparison) -> None:
    """Replay pairs, library and router."""
    for scenario in recording.each("pair_scenarios", label="name"):
        _replay_pair(scenario, comparison)
    for operation in recording.each("library", label="fn"):
        _replay_library(operation, comparison)
    _replay_router(list(recording.each("router")), comparison)


# --- pairs ----------------------------------------------------------------------------------------------------


def _replay_pair(scenario: Recording, comparison: Comparison) -> None:
    operations = list(scenario.each("ops", title=scenario.text("name")))
    replayer = Replayer(_seconds(scenario, "start_timestamp"), [_seconds(operation, "dt") for operation in operations])
    protocol = _PROTOCOL if scenario.flag("protocol_fee_on") else None
    pool = ConstantProduct("pair", Asset("token0", 18), Asset("token1", 18), fee_recipient=protocol)
    replayer.add(pool)
    for operation in operations:
        held = [replayer.balance(asset, _TRADER) for asset in pool.assets]
        result = _execute(replayer, _pair_calls(operation), operation, comparison)
        if "revert" not in operation and not isinstance(result, Refusal):
            changes = [replayer.balance(asset, _TRADER) - had for asset, had in zip(pool.assets, held, strict=True)]
            _compare_changes(operation, changes, comparison)
        for figure, engine in _pair_state(replayer, pool).items():
            comparison.equal(operation.place, figure, operation.inside("post").integer(figure), engine)


def _seconds(recorded: Recording, name: str) -> int:
    seconds = recorded.integer(name)
    if not 0 <= seconds < constant_product_math.UINT32:
        raise recorded.malformed(f"has {name!r} outside 0 to 2**32 seconds")
    return seconds


def _pair_calls(operation: Recording) -> list[Call]:
    verb = operation.text("op")
    if verb == "burn":
        return [Call("pair", "burn", {"liquidity": operation.integer("liquidity")})]
    base, quote = operation.integer("in0"), operation.integer("in1")
    if verb == "mint":
        return [Call("pair", "mint", {"amount_base": base, "amount_quote": quote})]
    if verb == "swap":
        out = {"base_out": operation.integer("out0"), "quote_out": operation.integer("out1")}
        return [Call("pair", "swap", {"base_in": base, "quote_in": quote, **out})]
    if verb in {"donate_sync", "donate_skim"}:
        donation = Call("pair", "donate", {"amount_base": base, "amount_quote": quote})
        return [donation, Call("pair", verb.removeprefix("donate_"))]
    raise operation.malformed("is of no kind that pairs have")


def _compare_changes(operation: Recording, changes: Sequence[int], comparison: Comparison) -> None:
    """Compare what the trader got with the recording."""
    verb = operation.text("op")
    if verb == "burn":
        comparison.equal(operation.place, "out0", operation.integer("out0"), changes[0])
        comparison.equal(operation.place, "out1", operation.integer("out1"), changes[1])
    elif verb == "mint":
        comparison.equal(operation.place, "liquidity", operation.integer("liquidity"), changes[2])
    elif verb == "donate_skim":
        comparison.equal(operation.place, "taken back", [0, 0], list(changes[:2]))


def _pair_state(replayer: Replayer, pool: ConstantProduct) -> dict[str, int]:
    return {
        "r0": pool.reserve_base,
        "r1": pool.reserve_quote,
        "ts": pool.updated_s,
        "supply": pool.supply,
        "k_last": pool.k_last,
        "cum0": pool.price_base_cumulative,
        "cum1": pool.price_quote_cumulative,
        "fee_to_lp": replayer.balance(pool.liquidity_asset, _PROTOCOL),
        "trader_lp": replayer.balance(pool.liquidity_asset, _TRADER),
    }


# --- library --------------------------------------------------------------------------------------------------


def _replay_library(operation: Recording, comparison: Comparison) -> None:
    functions: dict[str, Callable[[int, int, int], int]] = {
        "getAmountOut": constant_product_math.amount_out,
        "getAmountIn": constant_product_math.amount_in,
        "quote": constant_product_math.equivalent,
    }
    function = functions.get(operation.text("fn"))
    arguments = operation.integers("args", count=3)
    if function is None:
        raise operation.malformed("is no function of the library")
    comparison.operation(operation)
    result: int | Refusal
    try:
        result = function(*arguments)
    except Refusal as refusal:
        result = refusal
    _compare_revert(operation, result, comparison)
    if "result" in operation:
        engine = result.code if isinstance(result, Refusal) else result
        comparison.equal(operation.place, "result", operation.integer("result"), engine)


# --- router ---------------------------------------------------------------------------------------------------


def _replay_router(operations: Sequence[Recording], comparison: Comparison) -> None:
    replayer = Replayer(0, [1] * len(operations))
    tokens = [Asset(f"token{number}", 18) for number in range(3)]
    pools = {name: ConstantProduct(name, tokens[int(name[0])], tokens[int(name[1])]) for name in ("01", "12", "02")}
    for pool in pools.values():
        replayer.add(pool)
    for operation in operations:
        try:
            calls, amounts = _router_calls(operation, pools, tokens)
        except Refusal as refusal:
            comparison.operation(operation)
            _compare_revert(operation, refusal, comparison)
            continue
        result = _execute(replayer, calls, operation, comparison)
        if "revert" not in operation and not isinstance(result, Refusal):
            comparison.equal(operation.place, "result", operation.integers("result"), amounts(result))
        post = operation.inside("post")
        for name, pool in pools.items():
            reserves = [pool.reserve_base, pool.reserve_quote]
            comparison.equal(operation.place, f"reserves {name}", post.integers(name), reserves)


type Amounts = Callable[[tuple[Outcome, ...]], list[int]]


def _router_calls(
    operation: Recording, pools: Mapping[str, ConstantProduct], tokens: Sequence[Asset]
) -> tuple[list[Call], Amounts]:
    """The calls of one router operation, and how their outcomes read as the router's result."""
    verb = operation.text("op")
    if verb in {"addLiquidity", "removeLiquidity"}:
        return _liquidity_call(operation, pools)
    path = operation.texts("path")
    hops = ["".join(sorted(hop)) for hop in pairwise(path)]
    if not hops or any(hop not in pools for hop in hops):
        raise operation.malformed("has a path beyond the pools 01, 12, 02")
    assets = [tokens[int(token)] for token in path]
    if verb == "swapExactTokensForTokens":
        return _exact_in(operation, hops, assets)
    if verb == "swapTokensForExactTokens":
        return _exact_out(operation, hops, assets, pools)
    raise operation.malformed("is of no kind that the router has")


def _liquidity_call(operation: Recording, pools: Mapping[str, ConstantProduct]) -> tuple[list[Call], Amounts]:
    first, second = operation.texts("tokens", count=2)
    swapped = first > second
    names = ("quote", "base") if swapped else ("base", "quote")
    pool = second + first if swapped else first + second
    if pool not in pools:
        raise operation.malformed("has tokens without a pool")
    if operation.text("op") == "removeLiquidity":
        calls = [Call(pool, "remove_liquidity", {"liquidity": operation.integer("liquidity")})]
        return calls, lambda outcomes: [outcomes[0].details[name] for name in names]
    arguments: dict[str, object] = {"quote_first": swapped}
    desired, minimum = operation.integers("desired", count=2), operation.integers("minimum", count=2)
    for name, amount, least in zip(names, desired, minimum, strict=True):
        arguments |= {f"amount_{name}": amount, f"minimum_{name}": least}
    calls = [Call(pool, "add_liquidity", arguments)]
    return calls, lambda outcomes: [*(outcomes[0].details[name] for name in names), outcomes[0].output]


def _exact_in(operation: Recording, hops: Sequence[str], assets: Sequence[Asset]) -> tuple[list[Call], Amounts]:
    amount_in, least = operation.integer("amount_in"), operation.integer("min_out")
    calls = []
    for number, pool in enumerate(hops):
        amount: int | OutputOf = OutputOf(number - 1) if number else amount_in
        minimum = least if number == len(hops) - 1 else 0
        arguments = {"asset_in": assets[number], "amount_in": amount, "minimum_out": minimum}
        calls.append(Call(pool, "swap_exact_in", arguments))
    return calls, lambda outcomes: [amount_in, *(outcome.output for outcome in outcomes)]


def _exact_out(
    operation: Recording, hops: Sequence[str], assets: Sequence[Asset], pools: Mapping[str, ConstantProduct]
) -> tuple[list[Call], Amounts]:
    """The router asks the pools backwards what each hop needs, and then trades forwards."""
    amount, most = operation.integer("amount_out"), operation.integer("max_in")
    calls: list[Call] = []
    for number in reversed(range(len(hops))):
        arguments = {"asset_out": assets[number + 1], "amount_out": amount, "maximum_in": 2**256 - 1}
        call = Call(hops[number], "swap_exact_out", arguments)
        amount = pools[hops[number]].quote(call, now_ns=0).details["amount_in"]
        limit = most if number == 0 else amount
        calls.insert(0, call._replace(arguments={**arguments, "maximum_in": limit}))
    return calls, lambda outcomes: [
        outcomes[0].details["amount_in"],
        *(outcome.output for outcome in outcomes),
    ]


# --- shared ---------------------------------------------------------------------------------------------------


def _execute(
    replayer: Replayer, calls: Sequence[Call], operation: Recording, comparison: Comparison
) -> tuple[Outcome, ...] | Refusal:
    comparison.operation(operation)
    before = replayer.state()
    result = replayer.execute(calls)
    _compare_revert(operation, result, comparison)
    if isinstance(result, Refusal):
        comparison.equal(operation.place, "changed by the revert", False, replayer.state() != before)
    return result


def _compare_revert(operation: Recording, result: object, comparison: Comparison) -> None:
    """Compare whether it reverted, and the reason where the recording has one that is known here."""
    recorded = operation.text("revert") if "revert" in operation else None
    engine = result if isinstance(result, Refusal) else None
    comparison.equal(operation.place, "reverted", recorded is not None, engine is not None)
    expected = _REASONS.get(recorded.rpartition(": ")[2]) if recorded else None
    if recorded and recorded.endswith("INSUFFICIENT_OUTPUT_AMOUNT"):
        expected = BadArguments if "in0" in operation else None
    if expected is not None and engine is not None:
        comparison.equal(operation.place, f"reason {recorded!r}", expected.__name__, engine.code)
