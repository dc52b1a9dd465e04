from pathlib import Path

from tests.experiments.example_studies.paired import Paired

import shoal
from shoal.experiments.plan import make_plan
from shoal.experiments.replicates.there import is_there, unsound


def test_a_world_is_there_when_it_is_just_that_run(tmp_path: Path) -> None:
    shoal.run(Paired(), seed=7, out=tmp_path / "out")
    assert is_there(tmp_path / "out", make_plan(Paired(), options={"seed": 7}))
    for options, study in (
        ({"seed": 8}, Paired()),
        ({"seed": 7, "path_seed": 8}, Paired()),
        ({"seed": 7, "hours": 0.6}, Paired()),
        ({"seed": 7}, Paired(push=3.0)),
    ):
        assert not is_there(tmp_path / "out", make_plan(study, options=options))
    assert not is_there(tmp_path / "nowhere", make_plan(Paired(), options={"seed": 7}))


def test_broken_conservation_in_words() -> None:
    assert unsound({"conservation": {"BTC": 0}}) == ""
    assert unsound({"conservation": {"BTC": 1, "ETH": 0}}) == "money was not conserved: {'BTC': 1}, in base units"
