"""What an owner is."""

import pandas as pd

from shoal.experiments.measures.kinds import is_provider, kinds_of, with_providers

STATES = pd.DataFrame({"venue": ["pool", "book"], "kind": ["pool", "book"]})


def test_a_fee_account_is_named_for_what_it_is() -> None:
    agents = pd.DataFrame({"owner": ["a", "book.fees"], "kind": ["NoiseTrader", "book.fees"]})
    assert kinds_of(agents) == {"a": "NoiseTrader", "book.fees": "exchange fees"}


def test_pools_and_what_is_locked_in_them_count_with_their_providers() -> None:
    kinds = pd.Series({"pool": "ConstantProduct", "pool.locked": "x", "book": "OrderBook", "p": "LiquidityProvider"})
    found = with_providers(kinds, STATES).to_dict()
    assert found == {
        "pool": "LiquidityProvider",
        "pool.locked": "LiquidityProvider",
        "book": "OrderBook",
        "p": "LiquidityProvider",
    }


def test_with_two_kinds_of_providers_pools_stay_apart() -> None:
    kinds = pd.Series({"pool": "ConstantProduct", "p": "LiquidityProvider", "q": "LiquidityProviderWithRange"})
    assert with_providers(kinds, STATES).equals(kinds)
    assert is_provider("LiquidityProviderWithRange")
    assert not is_provider("NoiseTrader")
