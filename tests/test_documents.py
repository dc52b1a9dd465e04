"""The Python in the documents runs; the commands of the README exist."""

import re
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/guide/start.md"])
def test_python_blocks_run(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    assert blocks
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "document"}
    for number, block in enumerate(blocks):
        exec(compile(block, f"{name}, block {number}", "exec"), names)


def test_make_targets_of_the_documents_exist(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    texts = [path.read_text(encoding="utf-8") for path in (root / "README.md", *root.glob("docs/guide/*.md"))]
    named = {target for text in texts for target in re.findall(r"\bmake ([a-z-]+)(?=`|\s{2,}|$)", text, re.MULTILINE)}
    assert {"demo", "test"} <= named <= targets


def test_pictures_of_the_readme_exist(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert pictures
    assert [name for name in pictures if not (root / name).is_file()] == []
