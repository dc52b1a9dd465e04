"""Who gained from attacks and who paid."""

import numpy as np
import pytest

from shoal.experiments.measures.attacks import attacks_by_attacker, attacks_by_victim, attacks_on_vaults
from shoal.experiments.result import Result


def test_the_gain_is_split_without_rest(loop_result: Result) -> None:
    found = attacks_by_attacker(loop_result.table("attacks")).set_index("attacker")
    assert found["attacks"].to_dict() == {"searcher-1": 2, "searcher-2": 1}
    split = found["net_quote_tokens"] + found["builder_quote_tokens"] + found["burnt_quote_tokens"]
    assert np.allclose(split, found["gross_quote_tokens"])
    assert found.loc["searcher-1", "kept_share"] == pytest.approx(5 / 23)


def test_who_paid(loop_result: Result) -> None:
    found = attacks_by_victim(loop_result.table("attacks")).set_index("victim_kind")
    assert found["victim_loss_quote_tokens"].to_dict() == {"NoiseTrader": 22.5, "Vault": 15.0}


def test_vaults_apart(loop_result: Result) -> None:
    found = attacks_on_vaults(loop_result.table("attacks"), loop_result.table("vault_states"))
    assert found["victim"].tolist() == ["calendar vault"]


def test_without_attacks_there_is_nothing(loop_result: Result) -> None:
    none = loop_result.table("attacks").iloc[:0]
    assert attacks_by_attacker(none).empty
    assert "kept_share" in attacks_by_attacker(none)
