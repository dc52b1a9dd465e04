"""The documents are true: their Python runs, their commands and options exist, their tables name what there is."""

import inspect
import re
import sys
import types
from collections.abc import Iterator
from functools import cache
from importlib import util
from pathlib import Path
from typing import Any

import pytest
import typer

import shoal
from shoal.experiments.command import app
from shoal.experiments.measures.measured import LOOP
from shoal.experiments.result import Result
from shoal.experiments.study import describe
from shoal.experiments.study_file import write_study

ROOT = Path(__file__).parents[1]
# Its example validates every closed form, which takes minutes.
LONG = {"docs/guide/validation.md"}
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/guide/*.md"))
)


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def has_python(page: str) -> bool:
    return BLOCK.search(text_of(page)) is not None


def running_pages() -> list[Any]:
    return [pytest.param(page, marks=[pytest.mark.long] if page in LONG else []) for page in PAGES if has_python(page)]


def mirror_tests(names: dict[str, Any]) -> Iterator[Any]:
    """The tests that a page defines or inherits, ready to be called."""
    for name, one in list(names.items()):
        if inspect.isclass(one) and name.startswith("Test"):
            yield from (getattr(one(), test) for test in dir(one) if test.startswith("test_"))
        elif inspect.isfunction(one) and name.startswith("test_"):
            yield one


@cache
def half_an_hour() -> Result:
    return shoal.run("market", seed=7, hours=0.5)


@pytest.mark.parametrize("page", running_pages())
def test_python_blocks_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = types.ModuleType("document")
    monkeypatch.setitem(sys.modules, "document", document)
    monkeypatch.chdir(tmp_path)
    for number, block in enumerate(BLOCK.findall(text_of(page))):
        exec(compile(block, f"{page}, block {number}", "exec"), vars(document))
    for test in mirror_tests(vars(document)):
        test()


def test_the_pages_with_python_are_found() -> None:
    found = {page for page in PAGES if has_python(page)}
    assert {"README.md", "CONTRIBUTING.md", "docs/guide/start.md", "docs/guide/results.md"} <= found


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_options_of_the_documents_exist(page: str) -> None:
    group = typer.main.get_command(app)
    known = {
        name: {option for each in command.params for option in each.opts}
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }
    lines = [line.partition(" #")[0] for block in CONSOLE.findall(text_of(page)) for line in block.splitlines()]
    used = [part.split() for line in lines for part in re.findall(r"\bshoal ([a-z]+(?: [^&|>]*)?)", line)]
    wrong = [words for words in used if words[0] not in known]
    wrong += [
        words
        for words in used
        if words[0] in known
        and [word for word in words if word.startswith("--") and word.partition("=")[0] not in known[words[0]]]
    ]
    assert wrong == []


def test_every_command_and_every_option_of_run_is_explained() -> None:
    page = text_of("docs/guide/command_line.md")
    group = typer.main.get_command(app)
    commands = group.commands  # type: ignore[attr-defined]
    assert [name for name in commands if f"`shoal {name}" not in page] == []
    options = [option for each in commands["run"].params for option in each.opts if option.startswith("--")]
    assert [option for option in options if option != "--help" and f"`{option}" not in page] == []


def test_settings_of_the_documents_are_parameters() -> None:
    known = {each.path for study in shoal.studies().values() for each in describe(study)}
    used = {name for page in PAGES for name in re.findall(r"--set ([a-z_.]+)=", text_of(page))} - {"name"}
    assert used
    assert used <= known


def test_every_column_of_every_table_is_explained() -> None:
    page = text_of("docs/guide/results.md")
    explained = {
        name: set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE))))
        for name, section in re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    }
    tables = {name: set(half_an_hour().arrow(name).column_names) for name in half_an_hour().tables()}
    # What the half hour of `market` does not have, by its schema.
    tables |= {schema.name: {column for column, _ in schema.columns} for schema in LOOP}
    assert explained == tables


def test_every_entry_of_the_manifest_is_explained() -> None:
    page = text_of("docs/guide/results.md")
    assert [name for name in half_an_hour().manifest if f"`{name}`" not in page] == []


def test_every_plot_and_measure_is_named() -> None:
    page = text_of("docs/guide/results.md")
    plot = half_an_hour().plot
    names = {*plot.NAMES, *plot.LOOP_NAMES, *(name for name in dir(half_an_hour().measured) if name[0] != "_")}
    assert sorted(name for name in names if f"`{name}" not in page and f".{name}(" not in page) == []


def test_the_excerpt_of_a_study_file_is_what_the_command_writes() -> None:
    written = write_study("market", shoal.studies()["market"](), seed=7)
    excerpts = re.findall(r"^```toml\n(.*?)^```", text_of("docs/guide/study_files.md"), re.MULTILINE | re.DOTALL)
    assert excerpts
    parts = [part.strip("\n") for excerpt in excerpts for part in excerpt.split("# [...]\n")]
    assert [part for part in parts if part not in written] == []


def test_the_page_of_parameters_holds_every_parameter() -> None:
    spec = util.spec_from_file_location("parameter_tables", ROOT / "docs/parameter_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    studies, text, tables = shoal.studies(), text_of("docs/guide/parameters.md"), ""
    for name, other in re.findall(r"<!-- parameters: ([\w-]+)(?: beyond ([\w-]+))? -->", text):
        tables += module.parameter_tables(studies[name], studies.get(other))
    paths = {each.path for study in studies.values() for each in describe(study)}
    assert sorted(path for path in paths if tables.count(f"| `{path}` |") != 1) == []


def test_make_targets_of_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"\bmake ([a-z-]+)(?=`|\s{2,}|$)", text_of(page), re.MULTILINE)
    }
    assert {"demo", "test"} <= named <= targets


def test_pictures_of_the_readme_exist() -> None:
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text_of("README.md"))
    assert pictures
    assert [name for name in pictures if not (ROOT / name).is_file()] == []


def test_every_page_of_the_guide_is_in_its_index() -> None:
    index = text_of("docs/guide/index.md")
    pages = {path.stem for path in (ROOT / "docs/guide").glob("*.md")} - {"index"}
    assert sorted(page for page in pages if not re.search(rf"^{page}$", index, re.MULTILINE)) == []
