import numpy as np
import pytest

from shoal.experiments.replicates.paths import deepest_fall, path_note
from shoal.sim.price_path import PricePath

HOUR = 3_600 * 10**9


def path(**provenance: object) -> PricePath:
    prices = {"ETH": np.array([10.0, 12.0, 9.0, 11.0]), "BTC": np.array([1.0, 2.0, 0.1, 3.0])}
    return PricePath(
        HOUR * np.arange(4), prices, end_ns=4 * HOUR, kind="bridged", source_step_ns=HOUR, provenance=provenance
    )


@pytest.mark.parametrize(
    ("provenance", "kind"), [({}, "bridged"), ({"bootstrap": {}}, "bootstrap"), ({"episode": {}}, "episode")]
)
def test_a_note_says_what_a_path_is(provenance: dict[str, object], kind: str) -> None:
    prices = path(**provenance)
    assert path_note(2, 8, prices) == {
        "path": 2,
        "seed": 8,
        "kind": kind,
        "start": "1970-01-01T00:00:00Z",
        "end": "1970-01-01T04:00:00Z",
        "fall": 0.25,
        "sha256": prices.digest(),
    }


def test_the_fall_is_that_of_the_first_symbol_and_0_if_it_never_falls() -> None:
    assert deepest_fall(path()) == 0.25
    rising = PricePath(np.arange(3), {"BTC": np.array([1.0, 2.0, 2.0])}, end_ns=3, kind="recorded", source_step_ns=1)
    assert deepest_fall(rising) == 0.0
