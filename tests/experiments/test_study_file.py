import tomllib
from pathlib import Path

import pytest

from shoal.experiments.errors import FileTooLarge, InputError, MalformedFile, UnreadableFile
from shoal.experiments.parameters import Given, ParametersRefused, make_study
from shoal.experiments.study import Study, as_mapping, describe
from shoal.experiments.study_file import NewerFormat, read_study_file, toml_text, write_study

HEAD = 'format = 1\nstudy = "tiny"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "my.toml"


def test_what_is_written_is_read_back(tiny: type[Study], file: Path) -> None:
    given = {
        "book.tick": "0.125",
        "note": 'a "b" \\ ü \n\t\0',
        "ladder": [1.5, 3.0],
        "loud": True,
        "step.seconds": 1e-7,
    }
    study = make_study(tiny, Given("the call", given))
    file.write_text(write_study("tiny", study, seed=2**64 - 1), encoding="utf-8")
    read = read_study_file(file)
    assert (read.study, read.options) == ("tiny", {"seed": 2**64 - 1})
    assert read.parameters.values == as_mapping(study)
    assert make_study(tiny, read.parameters) == study


def test_every_parameter_is_explained(tiny: type[Study]) -> None:
    text = write_study("tiny", tiny(), seed=7)
    for each in describe(tiny):
        assert f"# {each.parameter.explain}\n" in text
        assert f"{each.wanted}; default " in text
        assert str(each.parameter.tag) in text
    assert "[parameters.book]" in text


@pytest.mark.parametrize(
    "value", ["", 'a"b', "back\\slash", "\x7f\0\n", "🐟", "'''", 7, -1, 2.5, 1e-9, True, [1, "2"], []]
)
def test_values_survive_toml(value: object) -> None:
    assert tomllib.loads(f"x = {toml_text(value)}")["x"] == value


BROKEN = {
    "duplicate key": HEAD + "[parameters]\nloud = true\nloud = false",
    "duplicate table": HEAD + "[parameters]\n[parameters]",
    "no TOML": "study: market",
    "no value": HEAD + "[run]\nseed =",
    "a NUL": HEAD + "note = 'a\0b'",
    "deep arrays": HEAD + "x = " + "[" * 5_000 + "]" * 5_000,
    "deep tables": HEAD + "x = " + "{a=" * 5_000 + "1" + "}" * 5_000,
    "a long dotted key": HEAD + "parameters." + ".".join("a" * 100_000) + " = 1",
    "a long dotted table": HEAD + "[" + ".".join("a" * 100_000) + "]",
    "a long dotted key inside": HEAD + "x = {" + ".".join("a" * 100_000) + " = 1}",
    "5,000 digits": HEAD + "[run]\nseed = " + "9" * 5_000,
    "no closing quote": HEAD + 'note = "abc',
    "JSON": '{"study": "tiny"}',
    "format as text": 'format = "1"\nstudy = "tiny"',
    "format as float": 'format = 1.0\nstudy = "tiny"',
    "format as bool": 'format = true\nstudy = "tiny"',
    "format 0": 'format = 0\nstudy = "tiny"',
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused(file: Path, name: str) -> None:
    file.write_bytes(BROKEN[name].encode())
    with pytest.raises(MalformedFile) as caught:
        read_study_file(file)
    assert str(file) in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-8-sig"])
def test_other_encodings_are_refused(file: Path, encoding: str) -> None:
    file.write_bytes((HEAD + "# ü\n").encode(encoding))
    with pytest.raises(MalformedFile):
        read_study_file(file)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["key 'study'", "missing"]),
        ("study = 5", ["key 'study'", "missing"]),
        ("study = ['a']", ["key 'study'", "missing"]),
        (HEAD + "paramters = 1", ["'paramters'", "Did you mean 'parameters'"]),
        (HEAD + "[Run]\nseed = 1", ["'Run'", "Did you mean 'run'"]),
        (HEAD + "seed = 1", ["'seed'", "belong under [parameters]"]),
        (HEAD + "parameters = 5", ["key 'parameters'", "table"]),
        (HEAD + "run = [1]", ["key 'run'", "table"]),
        (HEAD + "[[parameters]]", ["key 'parameters'", "table"]),
        ("stdy = 'x'\n[prameters]", ["'stdy'", "'prameters'", "key 'study'"]),
    ],
)
def test_keys_that_do_not_belong_are_refused(file: Path, text: str, parts: list[str]) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ParametersRefused) as caught:
        read_study_file(file)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("version", [2, 3, 10**6, 10**30])
def test_a_newer_format_is_refused(file: Path, version: int) -> None:
    file.write_text(f'format = {version}\nstudy = "tiny"\nunknown = 1', encoding="utf-8")
    with pytest.raises(NewerFormat, match="Install a newer Shoal"):
        read_study_file(file)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e1000000", "1.0", "1e3", "true", '"3"', "[3]", "2020-01-01"])
def test_toml_numbers_that_mean_something_else_are_refused(tiny: type[Study], file: Path, text: str) -> None:
    file.write_text(f"{HEAD}[parameters.book]\nfee_ppm = {text}\n", encoding="utf-8")
    with pytest.raises(ParametersRefused, match=r"parameter 'book.fee_ppm': it needs a whole number"):
        make_study(tiny, read_study_file(file).parameters)


@pytest.mark.parametrize("text", ["0.01", "1e-2", "1.0", "true", "inf", "9007199254740993.0"])
def test_amounts_are_never_floats(tiny: type[Study], file: Path, text: str) -> None:
    file.write_text(f"{HEAD}[parameters.book]\ntick = {text}\n", encoding="utf-8")
    with pytest.raises(ParametersRefused, match=r"whole number or decimal text"):
        make_study(tiny, read_study_file(file).parameters)


def test_a_large_file_is_refused(file: Path) -> None:
    file.write_bytes(HEAD.encode() + b"#" * 2**18)
    with pytest.raises(FileTooLarge):
        read_study_file(file)


@pytest.mark.parametrize("name", ["missing.toml", "", "\0.toml", "http://example.org/my.toml", "x" * 300 + ".toml"])
def test_what_is_no_file_is_refused(name: str) -> None:
    with pytest.raises(UnreadableFile):
        read_study_file(name)


def test_folders_devices_pipes_and_loops_are_refused(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    for path in (tmp_path, tmp_path / "pipe.toml", tmp_path / "loop.toml", tmp_path / "zero.toml"):
        with pytest.raises(InputError):
            read_study_file(path)


def test_an_older_file_without_format_is_read(tiny: type[Study], file: Path) -> None:
    file.write_text('study = "tiny"\n', encoding="utf-8")
    assert make_study(tiny, read_study_file(file).parameters) == tiny()
