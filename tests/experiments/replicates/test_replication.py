from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.experiments.example_studies.paired import Paired
from tests.experiments.replicates.conftest import Replicating

from shoal.experiments.errors import InputError, OptionError
from shoal.experiments.parameters import ParametersRefused
from shoal.experiments.plan import check_file, make_plan
from shoal.experiments.replicates.replication import plan_replicates


@pytest.fixture
def frame() -> pd.DataFrame:
    random = np.random.default_rng(1)
    price = 100.0 * np.cumprod(1.0 + 0.01 * (random.random(48) - 0.5))
    return pd.DataFrame(
        {"time": pd.date_range("2020-03-12", periods=48, freq="h", tz="UTC"), "symbol": "BTC", "price": price}
    )


def test_one_path_holds_all_seeds(replicating: Replicating) -> None:
    replication = replicating({"replicates": 3, "seed": 5})
    folders = [each.folder for each in replication.replicates]
    assert folders == ["seed-5", "seed-6", "seed-7"]
    assert list(replication.worlds) == ["base", "no-push", "half-push"]
    digests = {plan.prices.digest() for each in replication.replicates for plan in each.plans.values()}
    assert len(digests) == 1
    for each in replication.replicates:
        assert {plan.options.path_seed for plan in each.plans.values()} == {5}
        assert {world: plan.study.push for world, plan in each.plans.items()} == {
            "base": 2.0,
            "no-push": 0.0,
            "half-push": 1.0,
        }
        assert each.place("no-push") == f"{each.folder}/no-push"


def test_paths_have_prices_and_seeds_of_their_own(replicating: Replicating) -> None:
    replication = replicating({"replicates": 2, "paths": 3, "seed": 7, "path_seed": 1})
    found = [(each.number, each.folder, each.plans["base"].options.path_seed) for each in replication.replicates]
    assert found == [
        (1, "path-1/seed-7", 1),
        (2, "path-1/seed-8", 1),
        (3, "path-2/seed-9", 2),
        (4, "path-2/seed-10", 2),
        (5, "path-3/seed-11", 3),
        (6, "path-3/seed-12", 3),
    ]
    assert len({prices.digest() for _, prices in replication.paths}) == 3
    assert [path["kind"] for path in replication.manifest()["paths"]] == ["generated"] * 3


def test_of_a_file_the_first_path_is_recorded_and_the_others_are_drawn(
    replicating: Replicating, frame: pd.DataFrame
) -> None:
    replication = replicating({"prices": frame, "paths": 3, "path_block": "6h"})
    recorded = make_plan(Paired(), options={"prices": frame}).prices
    assert replication.paths[0][1].digest() == recorded.digest()
    assert [path["kind"] for path in replication.manifest()["paths"]] == ["bridged", "bootstrap", "bootstrap"]
    assert len({prices.digest() for _, prices in replication.paths}) == 3
    for _, prices in replication.paths:
        assert (prices.start_ns, prices.end_ns) == (recorded.start_ns, recorded.end_ns)
        assert prices.at("BTC", prices.start_ns) == pytest.approx(recorded.at("BTC", recorded.start_ns), rel=1e-14)


def test_episodes_are_other_stretches_of_the_file_with_their_own_dates(
    replicating: Replicating, frame: pd.DataFrame
) -> None:
    frame.loc[30:, "price"] *= 0.7
    options = {"prices": frame, "start": "2020-03-12", "hours": 6.0, "seed": 3}
    replication = replicating({**options, "replicates": 1, "paths": 3, "path_source": "episodes"})
    notes = replication.manifest()["paths"]
    assert [note["kind"] for note in notes] == ["bridged", "episode", "episode"]
    assert notes[0]["start"] == "2020-03-12T00:00:00Z"
    assert notes[1]["start"] < "2020-03-13T05" < "2020-03-13T06" <= notes[1]["end"]
    assert notes[1]["fall"] > 0.29
    for number, (each, note) in enumerate(zip(replication.replicates, notes, strict=True), start=1):
        plan = each.plans["base"]
        assert plan.prices.end_ns - plan.prices.start_ns == 6 * 3_600 * 10**9
        assert plan.prices.provenance.get("episode", {}).get("rank") == (number - 1 or None)
        alone = {"start": note["start"], "end": note["end"], "path_seed": note["seed"], "prices": frame}
        assert make_plan(Paired(), options=alone).prices.digest() == note["sha256"]


def test_episodes_that_are_not_there_are_counted(replicating: Replicating, frame: pd.DataFrame) -> None:
    options = {"prices": frame, "paths": 3, "path_source": "episodes"}
    with pytest.raises(OptionError, match="room for 0 stretches"):
        replicating(options)
    with pytest.raises(OptionError, match=r"room for 1 stretches of 18 h .* and 2 are needed"):
        replicating({**options, "start": "2020-03-12T10:00", "hours": 18.0})
    with pytest.raises(OptionError, match="option path_block: episodes are taken as recorded"):
        replicating({**options, "path_block": "6h"})


def test_the_prices_of_a_seed_alone_are_those_of_its_path(replicating: Replicating) -> None:
    first, second = (prices for _, prices in replicating({"replicates": 1, "paths": 2, "seed": 3}).paths)
    assert make_plan(Paired(), options={"seed": 3}).prices.digest() == first.digest()
    assert make_plan(Paired(), options={"seed": 9, "path_seed": 4}).prices.digest() == second.digest()


@pytest.mark.parametrize(
    ("asked", "worlds"),
    [
        ("base", ["base"]),
        ("no-push", ["base", "no-push"]),
        (["half-push", "base", "no-push"], ["base", "no-push", "half-push"]),
    ],
)
def test_worlds_are_chosen_and_the_base_is_always_there(
    replicating: Replicating, asked: object, worlds: list[str]
) -> None:
    assert list(replicating({"worlds": asked}).worlds) == worlds


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"worlds": "no-pusch"}, "has no world 'no-pusch'. Did you mean 'no-push'? There are: base, no-push, half-"),
        ({"path_source": "bootstrap"}, "there is no file of prices for bootstrap. Give prices"),
        ({"path_source": "episodes"}, "there is no file of prices for episodes. Give prices"),
        ({"path_block": "6h"}, "there is no file of prices to draw from"),
        ({"seed": 2**64 - 1, "replicates": 2}, "would pass 2**64 - 1"),
        ({"path_seed": 2**64 - 1, "paths": 2}, "would pass 2**64 - 1"),
        ({"replicates": 10_000, "paths": 2}, "they make 20,000 replicates, and 10,000 is the limit"),
    ],
)
def test_what_does_not_fit_is_refused(replicating: Replicating, options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        replicating(options)
    assert message in str(caught.value)


def test_a_file_allows_no_generated_paths_and_its_blocks_must_fit(
    replicating: Replicating, frame: pd.DataFrame
) -> None:
    with pytest.raises(OptionError, match="prices come from a file"):
        replicating({"prices": frame, "path_source": "generated"})
    with pytest.raises(OptionError, match="no whole number of bars"):
        replicating({"prices": frame, "paths": 2, "path_block": "90m"})
    with pytest.raises(OptionError, match="no length of time"):
        replicating({"prices": frame, "paths": 2, "path_block": "soon"})


@pytest.mark.parametrize("name", ["worlds", "processes", "paths", "path_source", "path_block", "level"])
def test_options_of_replicates_need_replicates(name: str) -> None:
    value = {"worlds": "base", "path_source": "generated", "path_block": "6h", "level": 0.9}.get(name, 2)
    with pytest.raises(OptionError, match=f"option {name}: it is about replicates, and there are none"):
        make_plan(Paired(), options={name: value})


@pytest.mark.usefixtures("tiny")
def test_a_study_file_may_ask_for_them(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    text = 'study = "paired"\n[run]\nreplicates = 2\nworlds = ["no-push"]\nlevel = 0.9\nprocesses = 1\n'
    path.write_text(text, encoding="utf-8")
    assert check_file(path)[0] == "paired"
    replication = plan_replicates(make_plan(str(path), options={"replicates": 4}))
    assert (replication.count, replication.level, list(replication.worlds)) == (4, 0.9, ["base", "no-push"])
    for bad in ("replicates = 0", "replicates = 1\nlevel = 1.0", "level = 0.9", "replicates = 1\npaths = true"):
        path.write_text(f'study = "paired"\n[run]\n{bad}\n', encoding="utf-8")
        with pytest.raises((ParametersRefused, InputError)):
            check_file(path)


def test_a_plan_without_replicates_is_no_replication() -> None:
    with pytest.raises(ValueError, match="asks for no replicates"):
        plan_replicates(make_plan(Paired(), options={}))
