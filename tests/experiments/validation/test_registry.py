import sys
from dataclasses import is_dataclass
from types import ModuleType

import pytest

from shoal.experiments.validation import registry
from shoal.experiments.validation.closed_form import ClosedForm


def test_every_module_of_forms_gives_its_closed_form() -> None:
    kinds = {type(form).__name__ for form in registry.closed_forms()}
    assert kinds == {
        "ArbitrageConstantBlocks",
        "ArbitragePoissonBlocks",
        "BaseFee",
        "CalendarTurnover",
        "CascadeAmplification",
        "CppiShortfall",
        "ExcessGrowth",
        "ImpermanentLoss",
        "LinearBookImpact",
        "LiquidatableShare",
        "LiquidationProbability",
        "LossVersusRebalancing",
        "MakingTheSpread",
        "MarketMaker",
        "NextPriceMove",
        "OptimalArbitrage",
        "OptimalBand",
        "OptimalSplit",
        "Propagator",
        "QueueImbalance",
        "RebalancersDemand",
        "SandwichProfit",
        "SantaFeScaling",
        "ToxicLiquidation",
    }


def test_names_are_unique_and_sources_are_given() -> None:
    forms = registry.closed_forms()
    assert len({form.name for form in forms}) == len(forms)
    assert all(len(form.source) > 5 and is_dataclass(form) for form in forms)


def test_no_two_replications_share_a_seed() -> None:
    forms: tuple[ClosedForm, ...] = registry.closed_forms()
    seeds = [form.seed_of(7, number) for form in forms for number in range(form.replications(quick=False))]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**64 for seed in seeds)


def test_a_module_without_a_closed_form_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{registry.package.__name__}.nothing"
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    with pytest.raises(TypeError, match="must hold one public closed form, and it holds 0"):
        registry._form_of("nothing")
