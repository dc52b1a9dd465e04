"""What the folders hold is what gets installed."""

import fnmatch
import importlib
import pkgutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

import shoal

PARTS = ("ext", "sim", "venues", "routing", "agents", "experiments")
BUILT = {".c", ".so", ".pyd", ".pyc"}


@pytest.fixture(scope="module")
def settings(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_is_listed(root: Path, settings: dict[str, Any]) -> None:
    folders = [path.parent for part in PARTS for path in (root / part).rglob("__init__.py")]
    found = {"shoal"} | {"shoal." + folder.relative_to(root).as_posix().replace("/", ".") for folder in folders}
    assert set(settings["tool"]["setuptools"]["packages"]) == found


def test_every_data_file_is_installed(root: Path, settings: dict[str, Any]) -> None:
    patterns = settings["tool"]["setuptools"]["package-data"]["*"]
    left_out = [
        path.relative_to(root).as_posix()
        for part in PARTS
        for path in (root / part).rglob("*")
        if path.is_file() and path.suffix not in {".py", *BUILT}
        if not (path.parent / "__init__.py").exists() or not any(fnmatch.fnmatch(path.name, p) for p in patterns)
    ]
    assert left_out == []


def test_each_link_leads_to_its_folder(root: Path) -> None:
    assert {part: (root / "src/shoal" / part).resolve() for part in PARTS} == {part: root / part for part in PARTS}


def test_every_module_imports() -> None:
    """Also what makes coverage count modules that no other test touches."""
    names = [module.name for module in pkgutil.walk_packages(shoal.__path__, "shoal.")]
    assert names
    assert [importlib.import_module(name).__name__ for name in names] == names


def test_public_names_load_on_first_use() -> None:
    assert all(hasattr(shoal, name) for name in shoal.__all__)
    assert set(dir(shoal)) == set(shoal.__all__)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'shool'"):
        getattr(shoal, "shool")  # noqa: B009
