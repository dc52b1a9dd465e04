"""The command, and the study's defaults against the recordings."""

import tomllib

import pytest

from shoal.experiments.calibration.__main__ import main
from shoal.experiments.calibration.preset import as_study_file, choose, two_digits
from shoal.experiments.calibration.recorded import Recorded, fit_all
from shoal.experiments.parameters import Given, make_study
from shoal.experiments.studies.market import Market
from shoal.experiments.study import Amount, describe


@pytest.fixture(scope="module")
def recorded(shared) -> Recorded:
    return fit_all(shared / "data")


def test_the_defaults_are_what_the_recordings_say(recorded):
    described = {each.path: each for each in describe(Market)}
    for choice in choose(recorded):
        each = described[choice.path]
        default = float(each.default) if isinstance(each.default, Amount) else each.default
        assert default == choice.value, choice.path
        tag = each.parameter.tag
        assert (tag.kind, tag.date) == ("calibrated", choice.date), choice.path
        assert "shoal.experiments.calibration" in tag.source


def test_every_calibrated_tag_is_fitted_here(recorded):
    tagged = {each.path for each in describe(Market) if each.parameter.tag.kind == "calibrated"}
    assert tagged == {choice.path for choice in choose(recorded)}


def test_the_fits_to_the_recordings_are_sound(recorded):
    assert recorded.small.value("taker orders") == pytest.approx(340.5, rel=0.01)
    assert recorded.large.value("spread, median") == pytest.approx(0.162, rel=0.02)
    assert recorded.pool.value("equivalent reserve") == pytest.approx(56.2e6, rel=0.01)
    for fitted in recorded.all:
        for fit in fitted.fits:
            assert not fit.low > fit.value, fit.name
            assert not fit.high < fit.value, fit.name


def test_flows_and_depths_follow_the_scale(recorded):
    whole = {choice.path: choice.value for choice in choose(recorded)}
    tenth = {choice.path: choice.value for choice in choose(recorded, scale=0.1)}
    assert tenth["noise.book_traders"] + tenth["noise.free_traders"] == 2
    for path in ("makers.order_quote_tokens", "liquidity.quote_tokens"):
        assert tenth[path] == pytest.approx(whole[path] / 10, rel=0.05)
    for path in ("noise.size_quote_tokens", "makers.fill_decay", "outside.depth_quote_tokens"):
        assert tenth[path] == whole[path]


def test_the_preset_is_a_study_file(recorded):
    text = as_study_file(choose(recorded, scale=0.5))
    data = tomllib.loads(text)
    study = make_study(Market, Given("the preset", data["parameters"]))
    assert float(study.liquidity.quote_tokens) == two_digits(recorded.pool.value("equivalent reserve") / 6)


def test_the_command_prints_fits_and_writes_only_when_told(recorded, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("shoal.experiments.calibration.recorded.fit_all", lambda folder: recorded)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    for arguments in ([], ["--write", "preset.toml"]):
        monkeypatch.setattr("sys.argv", ["calibration", "--data", "recordings", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        assert [each.name for each in tmp_path.iterdir()] == arguments[1:]
    shown = capsys.readouterr().out
    for part in ("taker orders", "order size, sigma by volume", "noise share of volume", "makers.fill_decay"):
        assert part in shown


@pytest.mark.parametrize("arguments", [["--data", "absent"], ["--data", ".", "--write", "there.toml"]])
def test_mistakes_end_with_a_message_and_exit_code_2(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.toml").write_text("mine")
    monkeypatch.setattr("sys.argv", ["calibration", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "absent" in (told := capsys.readouterr().err) or "there.toml" in told
    assert (tmp_path / "there.toml").read_text() == "mine"
