import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from shoal.experiments.errors import InputError, OptionError, SpanError, UnreadableFile
from shoal.experiments.parameters import ParametersRefused
from shoal.experiments.plan import check_file, make_plan
from shoal.experiments.registry import UnknownStudy
from shoal.experiments.study import Study, as_mapping
from shoal.sim.price_path import PricePath

pytestmark = pytest.mark.usefixtures("tiny")
HOUR = 3_600 * 10**9
NEW_YEAR_2024 = 1_704_067_200 * 10**9


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": pd.date_range("2020-03-12", periods=48, freq="h", tz="UTC"),
            "open": 100.0, "high": 102.0, "low": 99.0, "close": 101.0,
        }
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, frame: pd.DataFrame) -> Path:
    frame.to_csv(tmp_path / "prices.csv", index=False)
    (tmp_path / "sub").mkdir()
    frame.to_csv(tmp_path / "sub" / "prices.csv", index=False)
    return tmp_path


def study_file(folder: Path, run: str = "", parameters: str = "") -> str:
    path = folder / "my.toml"
    path.write_text(f'format = 1\nstudy = "tiny"\n[run]\n{run}\n[parameters]\n{parameters}\n', encoding="utf-8")
    return str(path)


def test_without_options_the_study_says_what_to_run() -> None:
    plan = make_plan("tiny", options={})
    assert (plan.name, plan.seed, plan.prices.kind) == ("tiny", 7, "generated")
    assert (plan.prices.start_ns, plan.prices.end_ns) == (NEW_YEAR_2024, NEW_YEAR_2024 + HOUR)
    assert plan.prices.symbols == ("BTC",)
    assert plan.inputs == {}


@pytest.mark.parametrize(
    ("options", "start", "end"),
    [
        ({"hours": 2}, 0, 2),
        ({"start": "2024-01-01T05:00"}, 5, 6),
        ({"end": "2024-01-01T05:00"}, 4, 5),
        ({"start": "2024-01-01T05:00", "hours": 0.5}, 5, 5.5),
        ({"start": "2024-01-01T05:00+01:00", "end": datetime(2024, 1, 1, 6, tzinfo=UTC)}, 4, 6),
    ],
)
def test_the_span_of_generated_prices(options: dict[str, Any], start: float, end: float) -> None:
    prices = make_plan("tiny", options=options).prices
    assert (prices.start_ns - NEW_YEAR_2024, prices.end_ns - NEW_YEAR_2024) == (start * HOUR, end * HOUR)


@pytest.mark.parametrize(
    "options",
    [
        {"start": "2024-01-02", "end": "2024-01-01"},
        {"start": "2024-01-01", "end": "2024-01-01"},
        {"start": "yesterday"},
        {"end": "2024-02-30"},
        {"start": 5},
        {"columns": {"time": "ts"}},
        {"zone": "UTC"},
    ],
)
def test_spans_and_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        make_plan("tiny", options=options)


def test_prices_from_a_frame(frame: pd.DataFrame) -> None:
    plan = make_plan("tiny", options={"prices": frame, "start": "2020-03-12T05:00", "hours": 3})
    assert plan.prices.kind == "bridged"
    assert plan.prices.end_ns - plan.prices.start_ns == 3 * HOUR
    assert plan.inputs == {}


def test_prices_from_a_file_are_hashed(folder: Path) -> None:
    path = folder / "prices.csv"
    plan = make_plan("tiny", options={"prices": path})
    assert plan.inputs == {str(path): sha256(path.read_bytes()).hexdigest()}
    assert plan.prices.end_ns - plan.prices.start_ns == 48 * HOUR


def test_hours_of_a_file_need_a_start(folder: Path) -> None:
    with pytest.raises(OptionError, match="it needs a start"):
        make_plan("tiny", options={"prices": folder / "prices.csv", "hours": 3})


def test_a_span_outside_the_file(folder: Path) -> None:
    with pytest.raises(SpanError):
        make_plan("tiny", options={"prices": folder / "prices.csv", "start": "2021-01-01"})


@pytest.mark.parametrize("name", ["missing.csv", "http://example.org/x.csv", "\0", "."])
def test_prices_that_are_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(UnreadableFile):
        make_plan("tiny", options={"prices": name})


def test_a_study_file_says_what_to_run(folder: Path) -> None:
    run = 'seed = 11\nprices = "prices.csv"\nsymbols = ["BTC"]\nstart = 2020-03-12T05:00:00Z\nhours = 2'
    path = study_file(folder, run, "loud = true\n[parameters.book]\ntick = '0.5'")
    plan = make_plan(path, options={})
    assert (plan.name, plan.seed, plan.prices.kind) == ("tiny", 11, "bridged")
    assert as_mapping(plan.study)["book"]["tick"] == "0.5"
    assert list(plan.inputs) == [path, str(folder / "prices.csv")]
    assert check_file(path)[0] == "tiny"


def test_the_call_overrides_the_file_and_settings_override_all(folder: Path) -> None:
    path = study_file(folder, 'seed = 11\nend = "2024-01-02"', "note = 'file'\nticks_before_fault = 1")
    plan = make_plan(path, options={"seed": 12, "hours": 3}, parameters={"note": "call"}, settings=["note=setting"])
    assert plan.seed == 12
    assert plan.prices.end_ns - plan.prices.start_ns == 3 * HOUR
    assert as_mapping(plan.study)["note"] == "setting"
    assert as_mapping(plan.study)["ticks_before_fault"] == 1


@pytest.mark.parametrize(
    "name",
    ["../prices.csv", "/etc/passwd", "/dev/zero", "sub/../../prices.csv", "http://example.org/x", "file:///etc/passwd",
     "link.csv", "loop.csv", "pipe.csv"],
)  # fmt: skip
def test_a_study_file_reads_only_what_lies_beside_it(folder: Path, name: str) -> None:
    inner = folder / "sub"
    (inner / "link.csv").symlink_to(folder / "prices.csv")
    (inner / "loop.csv").symlink_to(inner / "loop.csv")
    os.mkfifo(inner / "pipe.csv")
    path = study_file(inner, f'prices = "{name}"')
    with pytest.raises(InputError):
        make_plan(path, options={})
    if name != "pipe.csv":
        with pytest.raises(InputError, match="leads out of the study file's folder"):
            check_file(path)


@pytest.mark.parametrize("value", ["5", "true", "['a']", '""', '"a\\u0000b"', "{a = 1}"])
def test_prices_in_a_study_file_are_a_path(folder: Path, value: str) -> None:
    with pytest.raises(InputError, match=r"my\.toml"):
        make_plan(study_file(folder, f"prices = {value}"), options={})


def test_all_mistakes_of_a_file_come_at_once(folder: Path) -> None:
    path = study_file(folder, "seed = -1\nsed = 1\nhours = true", "lod = true\nnote = 5")
    for attempt in (lambda: make_plan(path, options={"zone": 5}), lambda: check_file(path)):
        with pytest.raises(ParametersRefused) as caught:
            attempt()
        text = str(caught.value)
        for part in ("'seed'", "'sed'", "'hours'", "Did you mean 'loud'", "'note'"):
            assert part in text
    assert "my.toml, [run], option 'seed': it needs a whole number from 0" in text


@pytest.mark.parametrize("name", ["tyni", "os", "../tiny"])
def test_an_unknown_study_in_a_file(folder: Path, name: str) -> None:
    path = folder / "my.toml"
    path.write_text(f'study = "{name}"', encoding="utf-8")
    with pytest.raises(UnknownStudy, match=r"my\.toml, key 'study': there is no study named"):
        make_plan(str(path), options={})


def test_an_unknown_study() -> None:
    with pytest.raises(UnknownStudy, match="Did you mean 'tiny'"):
        make_plan("tyni", options={})
    with pytest.raises(ParametersRefused, match="Did you mean 'tiny'"):
        make_plan("tyni", options={"seed": -1})


def test_a_study_itself_can_be_planned(tiny: type[Study]) -> None:
    study = tiny()
    plan = make_plan(study, options={"seed": 3}, parameters={"note": "x"})
    assert (plan.name, plan.seed) == ("tiny", 3)
    assert as_mapping(plan.study) == as_mapping(study) | {"note": "x"}


def test_what_a_study_refuses_of_its_prices_is_refused_input(
    monkeypatch: pytest.MonkeyPatch, tiny: type[Study]
) -> None:
    def refuse(self: Study, **arguments: Any) -> PricePath:
        raise ValueError("no prices of DOGE")

    monkeypatch.setattr(tiny, "prices_default", refuse)
    with pytest.raises(OptionError, match=r"study tiny: it cannot use these prices or parameters .*DOGE"):
        make_plan("tiny", options={})


@pytest.mark.parametrize("table", ["parameters", "run", None])
def test_a_flood_of_mistakes_is_cut_short(folder: Path, table: str | None) -> None:
    head = f"[{table}]\n" if table else ""
    path = folder / "my.toml"
    path.write_text('study = "tiny"\n' + head + "".join(f"k{number} = 1\n" for number in range(20_000)))
    with pytest.raises(ParametersRefused) as caught:
        check_file(path)
    assert len(caught.value.mistakes) == 100
