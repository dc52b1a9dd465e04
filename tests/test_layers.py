"""Imports point left, also those of the compiled kernels, which import-linter cannot see."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LAYERS = ("ext", "sim", "venues", "routing", "agents", "experiments")
STATEMENT = re.compile(r"^\s*(?:from\s+(\S+)\s+c?import\s|c?import\s+([^#\n]+))", re.MULTILINE)
HEAVY = {"matplotlib", "mesa", "networkx", "numpy", "pandas", "plotly", "pyarrow", "scipy", "simpy"}


def cython_imports(text: str) -> Iterator[str]:
    """Names of the modules that a .pyx or .pxd imports or cimports."""
    for source, names in STATEMENT.findall(text):
        if source:
            yield source
        else:
            yield from (name.split(" as ")[0].strip() for name in names.split(","))


def python_imports(text: str) -> Iterator[str]:
    """Names of the modules that a .py imports, at any depth."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def offences(layer: str, imported: Iterator[str]) -> list[str]:
    """Imports of the given layer that are relative, bare, or point to its right."""
    allowed = LAYERS[: LAYERS.index(layer) + 1]
    found = []
    for name in imported:
        head, _, rest = name.partition(".")
        part = rest.partition(".")[0]
        if head == "" or head in LAYERS or (head == "shoal" and part in LAYERS and part not in allowed):
            found.append(name)
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_point_left(root: Path, layer: str) -> None:
    found = {}
    for path in sorted((root / layer).rglob("*.p*")):
        readers = {".py": python_imports, ".pyi": python_imports, ".pyx": cython_imports, ".pxd": cython_imports}
        if path.suffix in readers:
            wrong = offences(layer, readers[path.suffix](path.read_text(encoding="utf-8")))
            if wrong:
                found[path.relative_to(root).as_posix()] = wrong
    assert found == {}


def test_a_cimport_to_the_right_is_seen() -> None:
    text = "from libc.stdint cimport int64_t\nfrom shoal.sim.units cimport lot\ncimport venues.book, cython\n"
    assert list(cython_imports(text)) == ["libc.stdint", "shoal.sim.units", "venues.book", "cython"]
    assert offences("ext", cython_imports(text)) == ["shoal.sim.units", "venues.book"]


@pytest.mark.parametrize("module", ["shoal", "shoal.experiments.command"])
def test_import_is_lazy(module: str) -> None:
    script = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert HEAVY.intersection(answer.stdout.split()) == set()
