"""What to run: paths, seeds and worlds, each world with its folder, all of it decided before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from shoal.experiments.errors import OptionError, Place
from shoal.experiments.manifest import first_manifest
from shoal.experiments.options import DEFAULT_LEVEL
from shoal.experiments.parameters import nearest
from shoal.experiments.plan import BASE, Plan
from shoal.experiments.reader import REPLICATES
from shoal.experiments.replicates.paths import check_paths, make_paths, path_note

if TYPE_CHECKING:
    from shoal.experiments.study import Study
    from shoal.sim.price_path import PricePath

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Replicate:
    """One seed on one path: a plan for each world, all with the same seed and prices.

    Args:
        number: from 1, over all paths.
        path: number of the path, from 1.
        folder: relative to that of the whole, such as "seed-7" or "path-2/seed-9".
        plans: by the name of the world, the base first.
    """

    number: int
    path: int
    folder: str
    plans: Mapping[str, Plan]

    @property
    def seed(self) -> int:
        """The seed of every draw but those of the prices."""
        return self.plans[BASE].seed

    def place(self, world: str) -> str:
        """The folder of a world, relative to that of the whole."""
        return str(PurePosixPath(self.folder, world))


@dataclass(frozen=True, slots=True)
class Replication:
    """All there is to run.

    Args:
        plan: of the base world with the first seed on the first path.
        worlds: the studies by the name of their world, the base first.
        paths: outside prices, and the seed of each.
        count: seeds a path.
        level: of the intervals.
    """

    plan: Plan
    worlds: Mapping[str, Study]
    paths: tuple[tuple[int, PricePath], ...]
    count: int
    level: float

    @property
    def replicates(self) -> Iterator[Replicate]:
        """Every replicate; no seed is used twice, so that paths are independent of each other."""
        number = 0
        for path, (path_seed, prices) in enumerate(self.paths, start=1):
            for _ in range(self.count):
                seed = self.plan.seed + number
                number += 1
                # The file has been read: what is left of the options is what a manifest says of them.
                options = replace(self.plan.options, seed=seed, path_seed=path_seed, prices=None)
                plans = {
                    world: replace(self.plan, study=study, options=options, prices=prices, world=world)
                    for world, study in self.worlds.items()
                }
                above = f"path-{path}/" if len(self.paths) > 1 else ""
                yield Replicate(number, path, f"{above}seed-{seed}", plans)

    def manifest(self) -> dict[str, Any]:
        """What the manifest of the whole says before anything has run."""
        return first_manifest(self.plan) | {
            "kind": REPLICATES,
            "seeds": [self.plan.seed + number for number in range(self.count * len(self.paths))],
            "worlds": list(self.worlds),
            "level": self.level,
            "paths": [path_note(number, seed, prices) for number, (seed, prices) in enumerate(self.paths, start=1)],
            "estimates": [],
            "results": {},
            "failures": [],
        }


def plan_replicates(plan: Plan) -> Replication:
    """The replicates that a plan's options ask for.

    Without ``paths`` there is one path, that of ``path_seed`` (or of the first seed), and all seeds run on it. Path k
    has the path seed ``path_seed + k - 1``; of a file the first path is the recorded one, and every other is drawn
    from its bars by ``bootstrap_bars``, or is another stretch of it, from ``deepest_episodes``.

    Raises:
        InputError: a world that the study has not, or a source of paths that the prices do not allow.
    """
    options = plan.options
    if options.replicates is None:
        raise ValueError("the plan asks for no replicates")
    check_paths(plan)
    return Replication(
        plan,
        _worlds(plan),
        tuple(make_paths(plan, options.paths or 1)),
        options.replicates,
        DEFAULT_LEVEL if options.level is None else options.level,
    )


def _worlds(plan: Plan) -> dict[str, Study]:
    known = dict(plan.study.counterfactuals())
    bad = [name for name in known if name == BASE or not _NAME.fullmatch(name)]
    if bad:
        raise ValueError(f"the study {plan.name} names a counterfactual {bad[0]!r}: small letters, digits and - only")
    asked = plan.options.worlds
    if asked is None:
        return {BASE: plan.study, **known}
    for name in asked:
        if name != BASE and name not in known:
            near = nearest(name, known)
            listed = ", ".join((BASE, *known))
            raise OptionError(
                Place("option worlds"),
                f"the study {plan.name} has no world {name!r}",
                f"{f'Did you mean {near!r}? ' if near else ''}There are: {listed}.",
            )
    return {BASE: plan.study, **{name: known[name] for name in known if name in asked}}
