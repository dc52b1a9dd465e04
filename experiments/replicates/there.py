"""Whether a world need not be run again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shoal.experiments.errors import InputError
from shoal.experiments.manifest import first_manifest, plain, read_manifest
from shoal.experiments.reader import load_result

if TYPE_CHECKING:
    from shoal.experiments.plan import Plan

# What makes two worlds the same run; the names that a user gave to files are not part of it.
_SAME: Final = ("study", "parameters", "seed", "path_seed", "world", "version", "prices", "start_ns", "end_ns")


def is_there(folder: Path, plan: Plan) -> bool:
    """Whether a folder holds the finished, undamaged and sound result of just this plan."""
    try:
        there = read_manifest(folder) if folder.is_dir() else {}
        if not there.get("complete") or unsound(there):
            return False
        wanted = plain(first_manifest(plan))
        if any(there.get(key) != wanted[key] for key in _SAME):
            return False
        if sorted(there["inputs"].values()) != sorted(wanted["inputs"].values()):
            return False
        # Reads every table's bytes: one that was damaged since is made again.
        load_result(folder)
    except InputError:
        return False
    return True


def unsound(manifest: Mapping[str, Any]) -> str:
    """Why a finished result cannot be believed; empty if it can."""
    broken = {asset: amount for asset, amount in manifest.get("conservation", {}).items() if amount}
    return f"money was not conserved: {broken}, in base units" if broken else ""
