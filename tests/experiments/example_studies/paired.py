"""A study with counterfactuals: a walker whose noise is the same in every world, pushed or not."""

import math
import os
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from shoal.experiments.figure import Figure
from shoal.experiments.result import Result
from shoal.experiments.study import Study, Tag, parameter
from shoal.sim.agent import Agent, Process
from shoal.sim.price_path import PricePath
from shoal.sim.records import Records, Schema
from shoal.sim.world import World

ASSUMED = Tag("assumed")
STEPS = Schema("steps", (("time_ns", "int"), ("level", "float")))
MINUTE = 60 * 10**9


class Walker(Agent):
    """Writes down the price plus its own noise plus the push."""

    def __init__(self, world: World, study: "Paired", prices: PricePath, seed: int) -> None:
        super().__init__(world, "walker", place="home")
        self.study, self.prices, self.seed = study, prices, seed
        self.table = world.records.table(STEPS)

    def run(self) -> Process:
        noise = self.draws("noise")
        for count in range(10**9):
            level = self.prices.at("BTC", self.now_ns) + noise.normal() + self.study.push
            self.table.append((self.now_ns, level))
            yield self.sleep(MINUTE)
            if count == 3 and self.seed in (self.study.failing_seed, self.study.dying_seed):
                if self.seed == self.study.dying_seed and self.study.push:
                    os.kill(os.getpid(), signal.SIGKILL)
                if self.seed == self.study.failing_seed and not self.study.push:
                    raise RuntimeError("the walker fell")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired(Study):
    """A study with counterfactuals."""

    symbols: ClassVar[tuple[str, ...]] = ("BTC",)
    hours: ClassVar[float] = 0.5
    push: float = parameter(2.0, tag=ASSUMED, explain="Push.")
    failing_seed: int = parameter(-1, tag=ASSUMED, explain="Seed that fails without a push.")
    dying_seed: int = parameter(-1, tag=ASSUMED, explain="Seed whose process dies with a push.")
    speechless_seed: int = parameter(-1, tag=ASSUMED, explain="Seed whose figures cannot be taken.")
    unbuildable: bool = parameter(False, tag=ASSUMED, explain="Whether build refuses the other world.")

    def prices_default(self, *, seed: int, symbols: tuple[str, ...], start_ns: int, end_ns: int) -> PricePath:
        times = np.arange(start_ns, end_ns, MINUTE, dtype=np.int64)
        wave = 100.0 + 10.0 * (seed % 7) + np.arange(len(times)) % 11
        return PricePath(times, dict.fromkeys(symbols, wave), end_ns=end_ns, kind="generated", source_step_ns=0)

    def build(self, *, seed: int, prices: PricePath, records: Records) -> World:
        if self.unbuildable and not self.push:
            raise ValueError("it does not fit")
        world = World(seed=seed, start_ns=prices.start_ns, records=records)
        world.asset("BTC", 8)
        Walker(world, self, prices, seed)
        return world

    def counterfactuals(self) -> Mapping[str, Study]:
        return {"no-push": replace(self, push=0.0), "half-push": replace(self, push=self.push / 2)}

    def figures(self, worlds: Mapping[str, Result]) -> Iterable[Figure]:
        if worlds["base"].manifest["seed"] == self.speechless_seed:
            raise LookupError("no words")
        levels = {world: math.fsum(result.table("steps")["level"]) for world, result in worlds.items()}
        yield Figure("level", "USDC", levels["base"])
        for world in worlds:
            if world != "base":
                yield Figure("level", "USDC", levels["base"], control=levels[world], world=world)
