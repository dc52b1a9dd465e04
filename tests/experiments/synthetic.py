"""A small made-up run whose tables have the schemas of a real one, and whose books balance to the base unit."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from shoal.experiments.accounts import AGENTS
from shoal.experiments.observer import PRICES, VENUE_STATES
from shoal.sim.hosts.block import BLOCKS, TRANSACTIONS
from shoal.sim.hosts.chain import BURNT
from shoal.sim.hosts.host import FILLS, ORDERS, TRANSFERS
from shoal.sim.records import Records, Schema

START_NS = 1_583_971_200_000_000_000
NS = 1_000_000_000
DECIMALS = {"BTC": 8, "ETH": 18, "USDC": 6}
PAIRS = (("BTC", 8_000.0), ("ETH", 200.0))
KINDS = {
    "noise-1": "NoiseTrader",
    "noise-2": "NoiseTrader",
    "informed-1": "InformedTrader",
    "arbitrage-1": "Arbitrageur",
    "maker-1": "AvellanedaStoikov",
    "provider-1": "LiquidityProvider",
    "provider-2": "LiquidityProvider",
    "proposer": "proposer",
    BURNT: BURNT,
    "BTC pool": "ConstantProduct",
    "ETH pool": "ConstantProduct",
    "BTC book": "OrderBook",
    "ETH book": "OrderBook",
    "BTC book.fees": "BTC book.fees",
    "ETH book.fees": "ETH book.fees",
    "exchange custody": "Custody",
    "BTC outside": "OutsideMarket",
    "ETH outside": "OutsideMarket",
}
SCHEMAS = (PRICES, VENUE_STATES, AGENTS, FILLS, ORDERS, TRANSFERS, BLOCKS, TRANSACTIONS)


@dataclass
class Pool:
    """Reserves in base units; 30 bps of what comes in stay."""

    base: int
    quote: int
    supply: int


@dataclass
class SyntheticRun:
    """Traders hit a book, a pool and the outside market of each pair while prices crash and come back."""

    seed: int = 1
    minutes: int = 240
    step_s: int = 10
    crash: float = 0.35
    records: Records = field(default_factory=Records)
    held: dict[tuple[str, str], int] = field(default_factory=dict)
    start: dict[tuple[str, str], int] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)

    def tables(self) -> dict[str, pa.Table]:
        """Play the run and return its tables."""
        self._random = random.Random(self.seed)
        tables = {schema.name: self.records.table(schema) for schema in SCHEMAS}
        for asset in DECIMALS:
            for owner in KINDS:
                if owner not in (BURNT, "proposer") and not owner.endswith(("pool", "book", ".fees", "custody")):
                    self.held[owner, asset] = 1_000_000 * 10 ** DECIMALS[asset]
        for symbol, price in PAIRS:
            base = int(2_000_000 / price * 10 ** DECIMALS[symbol])
            self.pools[symbol] = Pool(base, 2_000_000 * 10**6, math.isqrt(base * 2_000_000 * 10**6))
        self.start = self._owned()
        block = 0
        for index in range(self.minutes * 60 // self.step_s + 1):
            now_ns = START_NS + index * self.step_s * NS
            self._trade(now_ns, index)
            if index and index % 6 == 0:
                block += 1
                self._block(now_ns, block)
            self._sample(now_ns, index)
        self._agents()
        self.records.close()
        return {name: table.arrow() for name, table in tables.items()}

    # --- prices -----------------------------------------------------------------------------------------------

    def _price(self, symbol: str, index: int) -> float:
        share = index * self.step_s / (self.minutes * 60)
        dip = self.crash * math.exp(-(((share - 0.5) / 0.12) ** 2))
        wave = 0.002 * math.sin(index / 7) + 0.001 * math.sin(index / 3)
        return dict(PAIRS)[symbol] * (1 - dip) * (1 + wave)

    def _pool_price(self, symbol: str) -> float:
        pool = self.pools[symbol]
        return (pool.quote / 10**6) / (pool.base / 10 ** DECIMALS[symbol])

    # --- trades -----------------------------------------------------------------------------------------------

    def _move(self, asset: str, source: str, target: str, amount: int) -> None:
        self.held[source, asset] = self.held.get((source, asset), 0) - amount
        self.held[target, asset] = self.held.get((target, asset), 0) + amount

    def _trade(self, now_ns: int, index: int) -> None:
        draw = self._random
        for symbol, _ in PAIRS:
            price = self._price(symbol, index)
            if index == 0:
                continue
            for _ in range(draw.randrange(3)):
                taker = draw.choice(["noise-1", "noise-2", "informed-1", "arbitrage-1"])
                side = draw.choice([1, -1])
                base = int(draw.expovariate(1 / 2_000) / price * 10 ** DECIMALS[symbol]) + 1
                if draw.random() < 0.7:
                    self._on_book(now_ns, symbol, taker, side, base, price * (1 + side * 0.0005))
                else:
                    self._on_outside(now_ns, symbol, taker, side, base, price)
            self._arbitrage(now_ns, symbol, price)
            if index == self.minutes * 30 // self.step_s:
                self._withdraw_liquidity(now_ns, symbol)

    def _on_book(self, now_ns: int, symbol: str, taker: str, side: int, base: int, price: float) -> None:
        quote = int(base / 10 ** DECIMALS[symbol] * price * 10**6)
        taker_fee, maker_fee = -(-quote * 500 // 10**6), -(-quote * 100 // 10**6)
        buyer, seller = (taker, "maker-1") if side > 0 else ("maker-1", taker)
        self._move(symbol, seller, buyer, base)
        self._move("USDC", buyer, seller, quote)
        self._move("USDC", taker, f"{symbol} book.fees", taker_fee)
        self._move("USDC", "maker-1", f"{symbol} book.fees", maker_fee)
        self._fill(
            now_ns,
            "exchange",
            f"{symbol} book",
            taker,
            "maker-1",
            side,
            symbol,
            base,
            quote,
            "USDC",
            taker_fee,
            maker_fee,
        )

    def _on_outside(self, now_ns: int, symbol: str, taker: str, side: int, base: int, price: float) -> None:
        quote = int(base / 10 ** DECIMALS[symbol] * price * 10**6)
        fee = -(-quote * 200 // 10**6)
        venue = f"{symbol} outside"
        buyer, seller = (taker, venue) if side > 0 else (venue, taker)
        self._move(symbol, seller, buyer, base)
        self._move("USDC", buyer, seller, quote)
        self._move("USDC", taker, venue, fee)
        self._fill(now_ns, "outside", venue, taker, venue, side, symbol, base, quote, "USDC", fee, 0)

    def _arbitrage(self, now_ns: int, symbol: str, price: float) -> None:
        pool, ratio = self.pools[symbol], price / self._pool_price(symbol)
        if abs(ratio - 1) < 0.004:
            return
        target = math.sqrt(ratio)
        name = f"{symbol} pool"
        if ratio > 1:
            paid = int(pool.quote * (target - 1))
            got = paid * 997 * pool.base // (pool.quote * 1000 + paid * 997)
            self._pool_fill(now_ns, symbol, +1, got, paid, "USDC", -(-paid * 3 // 1000))
            pool.base, pool.quote = pool.base - got, pool.quote + paid
        else:
            paid = int(pool.base * (1 / target - 1))
            got = paid * 997 * pool.quote // (pool.base * 1000 + paid * 997)
            self._pool_fill(now_ns, symbol, -1, paid, got, symbol, -(-paid * 3 // 1000))
            pool.base, pool.quote = pool.base + paid, pool.quote - got
        self._order(now_ns, "chain", name, "swap_exact_in", "arbitrage-1")

    def _pool_fill(self, now_ns: int, symbol: str, side: int, base: int, quote: int, fee_asset: str, fee: int) -> None:
        self.held["arbitrage-1", symbol] += side * base
        self.held["arbitrage-1", "USDC"] -= side * quote
        pool = f"{symbol} pool"
        # What is exchanged is written without the fee.
        base, quote = (base, quote - fee) if fee_asset == "USDC" else (base - fee, quote)
        self._fill(now_ns, "chain", pool, "arbitrage-1", pool, side, symbol, base, quote, fee_asset, fee, 0)

    def _withdraw_liquidity(self, now_ns: int, symbol: str) -> None:
        pool = self.pools[symbol]
        base, quote = pool.base * 2 // 5, pool.quote * 2 // 5
        pool.base, pool.quote, pool.supply = pool.base - base, pool.quote - quote, pool.supply - pool.supply * 2 // 5
        self.held["provider-2", symbol] += base
        self.held["provider-2", "USDC"] += quote
        self._order(now_ns, "chain", f"{symbol} pool", "remove_liquidity", "provider-2")

    # --- rows -------------------------------------------------------------------------------------------------

    def _append(self, schema: Schema, **values: Any) -> None:
        self.records.table(schema).append(tuple(values[name] for name, _ in schema.columns))

    def _fill(
        self, now_ns: int, host: str, venue: str, taker: str, maker: str, side: int, base: str, base_raw: int,
        quote_raw: int, fee_asset: str, taker_fee: int, maker_fee: int,
    ) -> None:  # fmt: skip
        base_tokens, quote_tokens = base_raw / 10 ** DECIMALS[base], quote_raw / 10**6
        unit = 10 ** DECIMALS[fee_asset]
        self._append(
            FILLS, time_ns=now_ns, host=host, venue=venue, taker=taker, maker=maker, side=side, base=base, quote="USDC",
            base_raw=base_raw, base_tokens=base_tokens, quote_raw=quote_raw, quote_tokens=quote_tokens,
            price=quote_tokens / base_tokens, fee_asset=fee_asset, taker_fee_raw=taker_fee,
            taker_fee_tokens=taker_fee / unit, maker_fee_raw=maker_fee, maker_fee_tokens=maker_fee / unit,
        )  # fmt: skip

    def _order(self, now_ns: int, host: str, venue: str, verb: str, sender: str) -> None:
        self._append(
            ORDERS, time_ns=now_ns, sent_ns=now_ns - NS, host=host, venue=venue, verb=verb, sender=sender,
            arguments="", result="ok", order=0,
        )  # fmt: skip

    def _block(self, now_ns: int, number: int) -> None:
        gas, base_fee, tip = 150_000, 20_000_000_000 + number * 10**7, 10**9
        burnt, tips = gas * base_fee, gas * tip
        self._move("ETH", "arbitrage-1", BURNT, burnt)
        self._move("ETH", "arbitrage-1", "proposer", tips)
        self._append(
            TRANSACTIONS, time_ns=now_ns, host="chain", block=number, position=0, number=number, sender="arbitrage-1",
            calls=1, result="ok", gas_used=gas, base_fee_wei=base_fee, tip_wei=tip, fee_raw=burnt + tips,
            fee_tokens=(burnt + tips) / 10**18, sent_ns=now_ns - NS, arrival_ns=now_ns, visibility="public", bundle=0,
        )  # fmt: skip
        self._append(
            BLOCKS, time_ns=now_ns, host="chain", number=number, builder="builder", base_fee_wei=base_fee,
            gas_limit=30_000_000, gas_used=16_000_000 + number * 1000, background_gas=15_000_000, transactions=1,
            left_waiting=number % 4, burnt_raw=burnt, burnt_tokens=burnt / 10**18, tips_raw=tips,
            tips_tokens=tips / 10**18,
        )  # fmt: skip

    def _sample(self, now_ns: int, index: int) -> None:
        for symbol, _ in PAIRS:
            outside = self._price(symbol, index)
            calm = 1 - outside / dict(PAIRS)[symbol]
            book_depth = 900_000 * max(0.05, 1 - 2.2 * max(0.0, calm))
            away = calm > 0.33
            book_mid = math.nan if away else outside * (1 + 0.0002 * math.sin(index / 5))
            pool_mid = self._pool_price(symbol)
            self._state(now_ns, f"{symbol} path", "path", symbol, outside, 0.0, 0.0)
            self._state(now_ns, f"{symbol} outside", "outside", symbol, outside, 4.0, 8_000_000.0)
            spread = math.nan if away else 5 + 60 * max(0.0, calm)
            self._state(now_ns, f"{symbol} book", "book", symbol, book_mid, spread, 0.0 if away else book_depth)
            pool_depth = self.pools[symbol].quote / 10**6 * 0.005
            self._state(now_ns, f"{symbol} pool", "pool", symbol, pool_mid, 60.0, pool_depth, self.pools[symbol])

    def _state(
        self, now_ns: int, venue: str, kind: str, base: str, mid: float, spread: float, depth: float,
        pool: Pool | None = None,
    ) -> None:  # fmt: skip
        half = mid * spread / 2e4
        self._append(
            PRICES,
            time_ns=now_ns,
            venue=venue,
            kind=kind,
            base=base,
            quote="USDC",
            mid=mid,
            bid=mid - half,
            ask=mid + half,
        )
        if kind == "path":
            return
        held = pool if pool is not None else Pool(0, 0, 0)
        self._append(
            VENUE_STATES, time_ns=now_ns, venue=venue, kind=kind, base=base, quote="USDC", mid=mid, spread_bps=spread,
            depth_quote_tokens=depth, base_raw=held.base, base_tokens=held.base / 10 ** DECIMALS[base],
            quote_raw=held.quote, quote_tokens=held.quote / 10**6, liquidity_raw=held.supply, impact=0.0,
        )  # fmt: skip

    def _owned(self) -> dict[tuple[str, str], int]:
        """Balances, with reserves counted as the providers': 2/5 are provider-2's until it leaves."""
        owned = dict(self.held)
        for symbol, pool in self.pools.items():
            stays = pool.supply
            leaver = 0 if self.start and stays < self._full_supply(symbol) else 2
            for asset, reserve in ((symbol, pool.base), ("USDC", pool.quote)):
                second = reserve * leaver // 5
                owned["provider-2", asset] = owned.get(("provider-2", asset), 0) + second
                owned["provider-1", asset] = owned.get(("provider-1", asset), 0) + reserve - second
        return owned

    def _full_supply(self, symbol: str) -> int:
        base = int(2_000_000 / dict(PAIRS)[symbol] * 10 ** DECIMALS[symbol])
        return math.isqrt(base * 2_000_000 * 10**6)

    def _agents(self) -> None:
        end = self._owned()
        last = self.minutes * 60 // self.step_s
        for owner, asset in sorted(set(self.start) | set(end)):
            before, after, unit = self.start.get((owner, asset), 0), end.get((owner, asset), 0), 10 ** DECIMALS[asset]
            first_price = 1.0 if asset == "USDC" else self._price(asset, 0)
            last_price = 1.0 if asset == "USDC" else self._price(asset, last)
            self._append(
                AGENTS, owner=owner, kind=KINDS[owner], asset=asset, start_raw=before, start_tokens=before / unit,
                end_raw=after, end_tokens=after / unit, change_raw=after - before,
                change_tokens=(after - before) / unit,
                start_price=first_price, end_price=last_price,
                value_change_quote_tokens=after / unit * last_price - before / unit * first_price,
            )  # fmt: skip


def manifest(**changes: Any) -> dict[str, Any]:
    """A manifest as a run writes it."""
    return {
        "study": "market",
        "seed": 7,
        "version": "0.1.0",
        "complete": True,
        "digest": "ab" * 32,
        "conservation": dict.fromkeys(DECIMALS, 0),
    } | changes
