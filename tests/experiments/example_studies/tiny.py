"""A study small enough for tests: one exchange with a book, one agent that misbehaves on request."""

from asyncio import CancelledError
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa

from shoal.experiments.study import Amount, Group, Problem, Study, Tag, group, parameter
from shoal.sim.agent import Agent, Process
from shoal.sim.price_path import PricePath
from shoal.sim.records import Records, Schema
from shoal.sim.world import World

ASSUMED = Tag("assumed")
PAPER = Tag("literature", source="Nobody (2020), section 1", date="2020-01")
TICKS = Schema("ticks", (("time_ns", "int"), ("agent", "text"), ("price", "float"), ("amount_raw", "raw")))


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Watcher(Agent):
    """Writes down the price at every step; knows the path, being a test's instrument."""

    def __init__(self, world: World, study: "Tiny", prices: PricePath) -> None:
        super().__init__(world, "watcher", place="home")
        self.study, self.prices = study, prices
        self.table = world.records.table(TICKS)

    def run(self) -> Process:
        step = round(self.study.step.seconds * 1e9)
        for _ in range(self.study.ticks_before_fault):
            self._write()
            yield self.sleep(step)
        yield from self._misbehave()
        while True:
            self._write()
            yield self.sleep(step)

    def _write(self) -> None:
        amount = self.world.assets["BTC"].amount(self.study.book.depth)
        self.table.append((self.now_ns, self.name, self.prices.at("BTC", self.now_ns), amount))

    def _misbehave(self) -> Process:
        match self.study.fault:
            case "raise":
                raise RuntimeError("the agent's own mistake")
            case "exit":
                raise SystemExit(3)
            case "cancel":
                raise CancelledError("not even an Exception")
            case "loop":
                while True:
                    try:
                        sum(range(1000))
                    except Exception:
                        continue
            case "zeno":
                while True:
                    yield self.world.clock.timeout(0)
            case "nonsense":
                yield "no event"  # type: ignore[misc]
            case "past":
                yield self.sleep(-5)
            case "nan":
                yield self.sleep(float("nan"))  # type: ignore[arg-type]
            case "overflow":
                self.table.append((self.now_ns, self.name, 1.0, 10**38))


class Silent(Watcher):
    """Has a ``run`` that is no generator."""

    def run(self) -> None:  # type: ignore[override]
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Group):
    """How often something happens."""

    seconds: float = parameter(60.0, unit="s", tag=ASSUMED, explain="Time between two ticks.", above=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book(Group):
    """The book."""

    tick: Amount = parameter(Amount("0.01"), unit="USDC", tag=ASSUMED, explain="Price step.", above=0)
    depth: Amount = parameter(Amount("1.5"), unit="BTC", tag=PAPER, explain="Depth at the best.", maximum="1000000")
    fee_ppm: int = parameter(300, unit="ppm", tag=PAPER, explain="Fee of a taker.", minimum=0, below=1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiny(Study):
    """A study for tests."""

    symbols: ClassVar[tuple[str, ...]] = ("BTC",)
    hours: ClassVar[float] = 1.0
    step: Step = group(Step)
    book: Book = group(Book)
    ticks_before_fault: int = parameter(10, tag=ASSUMED, explain="Ticks before the fault.", minimum=0)
    fault: Literal[
        "none", "raise", "exit", "cancel", "loop", "zeno", "nonsense", "past", "nan", "overflow", "no generator"
    ] = parameter("none", tag=ASSUMED, explain="What the agent does wrong.")
    colour: Colour = parameter(Colour.RED, tag=ASSUMED, explain="Nothing.")
    ladder: tuple[float, ...] = parameter((0.5, 1.0), unit="bps", tag=ASSUMED, explain="Steps.", above=0.0)
    sizes: tuple[Amount, ...] = parameter((Amount("1"),), unit="BTC", tag=ASSUMED, explain="Sizes.")
    loud: bool = parameter(False, tag=ASSUMED, explain="Whether it is loud.")
    note: str = parameter("", tag=ASSUMED, explain='A note; it may hold "quotes".')
    unbuildable: bool = parameter(False, tag=ASSUMED, explain="Whether build refuses.")

    def check(self) -> Iterable[Problem]:
        if len(self.ladder) < len(self.sizes):
            yield Problem("sizes", "there are more sizes than steps", "Leave some out.")

    def prices_default(self, *, seed: int, symbols: tuple[str, ...], start_ns: int, end_ns: int) -> PricePath:
        times = np.arange(start_ns, end_ns, 10**9, dtype=np.int64)
        wave = 100.0 + seed % 7 + np.arange(len(times)) % 11
        return PricePath(times, dict.fromkeys(symbols, wave), end_ns=end_ns, kind="generated", source_step_ns=0)

    def build(self, *, seed: int, prices: PricePath, records: Records) -> World:
        if self.unbuildable:
            raise ValueError("tick and lot do not fit")
        world = World(seed=seed, start_ns=prices.start_ns, records=records)
        world.asset("BTC", 8)
        (Silent if self.fault == "no generator" else Watcher)(world, self, prices)
        return world

    def finish(self, world: World, prices: PricePath) -> None:
        world.records.table(Schema("ends", (("time_ns", "int"),))).append((world.clock.now_ns,))

    def measure(self, world: World, tables: Mapping[str, pa.Table]) -> Mapping[str, pa.Table]:
        return {"figures": pa.table({"ticks": [tables["ticks"].num_rows]})}
