"""Who sends privately: a share of those who use the chain, drawn once for each."""

from tests.experiments.market.stage import stage

from shoal.agents.noise_trader import NoiseTrader
from shoal.experiments.market.parameters import GasGroup, NoiseGroup
from shoal.experiments.market.population import add_noise_traders


def private(share: float, *, seed: int = 7) -> dict[str, bool]:
    """Whether each noise trader of the chain sends privately."""
    one = stage(seed)
    noise = NoiseGroup(book_traders=5, pool_traders=200, free_traders=200)
    add_noise_traders(one.world, one.pairs[0], noise, gas=GasGroup(), private_share=share)
    traders = [agent for agent in one.world.agents.values() if isinstance(agent, NoiseTrader)]
    assert all(each.builder is None for each in traders if " noise book " in each.name)
    return {each.name: each.builder == "builder" for each in traders if " noise book " not in each.name}


def test_nobody_or_everybody_is_private() -> None:
    assert set(private(0.0).values()) == {False}
    assert set(private(1.0).values()) == {True}


def test_a_share_is_drawn() -> None:
    found = private(0.3)
    assert 0.22 < sum(found.values()) / len(found) < 0.38
    assert private(0.3) == found
    assert private(0.3, seed=8) != found


def test_a_larger_share_adds_to_a_smaller_one() -> None:
    few, many = private(0.2), private(0.6)
    assert all(many[name] for name, hidden in few.items() if hidden)
