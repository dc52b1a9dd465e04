import tomllib
from pathlib import Path

from tests.experiments.command.conftest import Shoal

from shoal.experiments.study import Study, as_mapping, describe


def test_list(shoal: Shoal) -> None:
    answer = shoal("list")
    assert (answer.code, answer.err) == (0, "")
    assert "tiny" in answer.out
    assert "A study for tests." in answer.out


def test_show_names_everything(shoal: Shoal, tiny: type[Study]) -> None:
    answer = shoal("show", "tiny")
    assert (answer.code, answer.err) == (0, "")
    for each in describe(tiny):
        for part in (each.path, each.parameter.unit, each.parameter.explain, str(each.parameter.tag)):
            assert part in answer.out


def test_new_and_check_and_run_go_together(shoal: Shoal, tmp_path: Path, tiny: type[Study]) -> None:
    file = tmp_path / "my.toml"
    file.write_text(shoal("new", "tiny").out, encoding="utf-8")
    assert tomllib.loads(file.read_text(encoding="utf-8"))["parameters"] == as_mapping(tiny())
    answer = shoal("check", file)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"{file}: a study `tiny` with {len(describe(tiny))} parameters, no mistakes.\n"
    assert shoal("run", file, "--quiet").code == 0


def test_check_names_all_mistakes(shoal: Shoal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text('study = "tiny"\n[run]\nseed = -1\n[parameters]\nlod = 1\nnote = 5\n', encoding="utf-8")
    answer = shoal("check", file)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 3
    assert "Did you mean 'loud'?" in answer.err
    assert "Traceback" not in answer.err


def test_unknown_studies(shoal: Shoal) -> None:
    for command in ("show", "new", "run"):
        answer = shoal(command, "tyni")
        assert (answer.code, answer.out) == (2, "")
        assert answer.err == "shoal: the study: there is no study named 'tyni'. Did you mean 'tiny'?\n"
