"""Saving a result that was made in memory, as ``--out`` would have left it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoal.experiments.reader import load_result
from shoal.experiments.runner import add_report
from shoal.experiments.store import Store

if TYPE_CHECKING:
    from shoal.experiments.result import Result


def save(result: Result, out: Path | str) -> Result:
    """Write a result into a folder: its tables, its manifest and its report.

    Args:
        result: complete or not.
        out: a new or empty folder, or a result of the same study, which is replaced.

    Raises:
        InputError: the folder cannot be used.
        DiskFailed: the report cannot be written.
        OSError: a table cannot be written; the manifest there says that the result is incomplete.
    """
    store = Store.claim(out, study=str(result.manifest["study"]))
    store.begin({**result.manifest, "status": "running", "complete": False, "outputs": {}})
    outputs: dict[str, dict[str, Any]] = {}
    for name in result.tables():
        outputs |= store.add(name, result.arrow(name))
    manifest = {**result.manifest, "outputs": outputs}
    folder = store.finish(manifest) if result.complete else store.stop(manifest)
    saved = load_result(folder)
    if saved.complete:
        add_report(saved)
    return saved
