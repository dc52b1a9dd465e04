"""Every public venue, agent and ordering policy is held to the laws of its kind by its mirror test."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from shoal.sim.agent import Agent
from shoal.sim.venue import Venue

PACKAGES = ("shoal.sim", "shoal.venues", "shoal.routing", "shoal.agents")


def built_venue(suite: Any) -> object:
    _, venue = suite.make()
    return venue


def built_agent(suite: Any) -> object:
    market = importlib.import_module("tests.agents.laws").SmallMarket([])
    return suite.make(market.world)


class Kind(NamedTuple):
    """What a class is, the law suite of such classes, and how to get the thing that a suite is about."""

    base: type
    module: str
    laws: str
    built: Callable[[Any], object]


VENUE = Kind(Venue, "tests.venues.laws", "VenueLaws", built_venue)
AGENT = Kind(Agent, "tests.agents.laws", "AgentLaws", built_agent)


def public_classes() -> Iterator[type]:
    """Every public class of the packages, in the module that defines it."""
    for package in PACKAGES:
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            for name, one in vars(importlib.import_module(found.name)).items():
                if isinstance(one, type) and one.__module__ == found.name and not name.startswith("_"):
                    yield one


def kind_of(one: type) -> Kind | None:
    """Venue or agent; None for everything else, and for bases that cannot act yet."""
    if issubclass(one, Venue):
        return None if inspect.isabstract(one) else VENUE
    if issubclass(one, Agent):
        return None if one.run is Agent.run else AGENT
    return None


def mirror_of(one: type) -> str:
    """The test module that mirrors the class's module."""
    *folders, name = one.__module__.removeprefix("shoal.").split(".")
    return ".".join(("tests", *folders, f"test_{name}"))


def law_suites(mirror: str, laws: type) -> list[type]:
    """The law suites that a test module defines and pytest collects."""
    return [
        one
        for name, one in vars(importlib.import_module(mirror)).items()
        if isinstance(one, type) and issubclass(one, laws) and one.__module__ == mirror and name.startswith("Test")
    ]


def law_breach(one: type, kind: Kind) -> str:
    """Why the class is not held to the laws of its kind, or nothing."""
    laws: type = getattr(importlib.import_module(kind.module), kind.laws)
    mirror = mirror_of(one)
    try:
        suites = law_suites(mirror, laws)
    except ModuleNotFoundError as error:
        return f"{mirror} cannot be imported: {error}"
    if not any(type(kind.built(suite())) is one for suite in suites):
        return f"{mirror} has {len(suites)} subclasses of {kind.laws}, and no make() of theirs builds a {one.__name__}"
    return ""


ACTING = [(one, kind) for one in public_classes() if (kind := kind_of(one)) is not None]


@pytest.mark.parametrize(("one", "kind"), ACTING, ids=[one.__name__ for one, _ in ACTING])
def test_a_venue_or_agent_is_held_to_the_laws_of_its_kind(one: type, kind: Kind) -> None:
    assert law_breach(one, kind) == ""


AGENTS = [one for one, kind in ACTING if kind is AGENT]


@pytest.mark.parametrize("one", AGENTS, ids=[one.__name__ for one in AGENTS])
def test_an_agents_docstring_states_what_it_knows_and_its_source(one: type) -> None:
    text = inspect.getdoc(one) or ""
    assert "\nKnows: " in text
    assert "\nSource: " in text


def test_an_ordering_policy_is_held_to_the_laws_of_policies(root: Path) -> None:
    laws = (root / "tests" / "sim" / "ordering" / "test_policy.py").read_text(encoding="utf-8")
    policies = [one for one in public_classes() if hasattr(one, "share_ahead") and not getattr(one, "_is_protocol", 0)]
    assert policies
    assert [one.__name__ for one in policies if f"{one.__name__}()" not in laws] == []


class Lawless(Venue):
    """A venue without a mirror test."""


def test_a_class_without_laws_would_be_found() -> None:
    assert "cannot be imported" in law_breach(Lawless, VENUE)
    Lawless.__module__ = "shoal.venues.view"
    assert "cannot be imported" in law_breach(Lawless, VENUE)
    Lawless.__module__ = "shoal.venues.amm.constant_product"
    assert "no make() of theirs builds a Lawless" in law_breach(Lawless, VENUE)
    Lawless.__module__ = "shoal.venues.amm.constant_product_math"
    assert "has 0 subclasses of VenueLaws" in law_breach(Lawless, VENUE)


def test_the_walk_finds_what_is_there() -> None:
    names = {one.__name__ for one, _ in ACTING}
    assert {"ConstantProduct", "OrderBook", "OutsideMarket", "Oracle", "Custody"} <= names
