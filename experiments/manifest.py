"""manifest.json: what a run was, what came of it, and the hashes that tie both to the files beside it."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import shoal
from shoal.experiments.errors import InputError, MalformedFile, Place
from shoal.experiments.intake import read_bytes
from shoal.experiments.study import as_mapping, describe

if TYPE_CHECKING:
    from shoal.experiments.plan import Plan
    from shoal.experiments.study import Described
    from shoal.sim.world import World

FORMAT: Final = 1
NAME: Final = "manifest.json"
MAXIMUM_BYTES: Final = 2**24
_LIBRARIES: Final = ("mesa", "numpy", "pandas", "pyarrow", "scipy", "simpy")
_NEEDED: Final[Mapping[str, type | tuple[type, ...]]] = {
    "study": str,
    "parameters": dict,
    "seed": int,
    "version": str,
    "status": str,
    "complete": bool,
    "outputs": dict,
}


class NewerResult(InputError):
    """The result was written by a newer version."""


def first_manifest(plan: Plan) -> dict[str, Any]:
    """The manifest of a run that has begun and not ended."""
    from shoal.experiments.prices.span import as_text

    prices = plan.prices
    return {
        "format": FORMAT,
        "study": plan.name,
        "parameters": as_mapping(plan.study),
        "tags": {each.path: _described(each) for each in describe(type(plan.study))},
        "seed": plan.seed,
        "path_seed": plan.options.price_seed,
        "world": plan.world,
        "version": shoal.__version__,
        "kernels": kernels(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "libraries": _libraries(),
        "inputs": dict(plan.inputs),
        "prices": {
            "kind": prices.kind,
            "symbols": list(prices.symbols),
            "source_step_ns": prices.source_step_ns,
            "sha256": prices.digest(),
            "provenance": plain(prices.provenance),
        },
        "start": as_text(prices.start_ns),
        "end": as_text(prices.end_ns),
        "start_ns": prices.start_ns,
        "end_ns": prices.end_ns,
        "status": "running",
        "complete": False,
        "outputs": {},
    }


def _described(each: Described) -> dict[str, str]:
    """What stands behind a parameter, as text; the report needs no study to show it."""
    tag = each.parameter.tag
    source = ", ".join(part for part in (tag.source, tag.date) if part)
    return {
        "kind": tag.kind,
        "source": source,
        "unit": each.parameter.unit,
        "explain": each.parameter.explain,
        "default": text_of(each.default),
    }


def text_of(value: Any) -> str:
    """A parameter's value as a person reads it."""
    if isinstance(value, list | tuple):
        return ", ".join(text_of(each) for each in value)
    if isinstance(value, float):
        return f"{value:,.0f}".replace(",", "\u202f") if value.is_integer() and abs(value) >= 1e4 else f"{value:g}"
    return str(value)


def counts(world: World, *, start_ns: int, wall_seconds: float) -> dict[str, Any]:
    """What a world has done so far."""
    return {
        "simulated_seconds": (world.clock.now_ns - start_ns) / 1e9,
        "wall_seconds": round(wall_seconds, 3),
        "events": world.clock.events,
        "calls": world.calls,
        "fills": world.fills,
        "transactions": world.transactions,
        "conservation": world.conservation(),
    }


def labels(world: World) -> list[str]:
    """The limits that venues of the world stand for, in words."""
    return [label for venue in world.venues.values() for label in venue.labels]


def kernels() -> dict[str, str]:
    """For each kernel whether it is compiled or the pure Python twin."""
    from importlib import import_module
    from pkgutil import iter_modules

    package = import_module("shoal.ext")
    found = {}
    for each in iter_modules(package.__path__):
        compiled = getattr(import_module(f"shoal.ext.{each.name}"), "COMPILED", None)
        if isinstance(compiled, bool):
            found[each.name] = "compiled" if compiled else "pure"
    return found


def plain(value: Any) -> Any:
    """Anything as JSON can hold it, without NaN and infinities."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int | str):
        return str(value) if isinstance(value, str) else value
    if hasattr(value, "item"):
        return plain(value.item())
    return str(value)


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest beside its place, force it to the disk, and rename it.

    Raises:
        OSError: the folder cannot be written to.
    """
    text = json.dumps(plain(manifest), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    beside = folder / f"{NAME}.tmp"
    with beside.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(beside, folder / NAME)
    sync_folder(folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a result.

    Raises:
        InputError: none there, damaged, or of a newer format.
    """
    file = read_bytes(folder / NAME, maximum_bytes=MAXIMUM_BYTES)
    try:
        data = json.loads(
            file.data.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_without_duplicates
        )
    except (ValueError, RecursionError) as error:
        raise _malformed(file.place, f"it is no JSON that is read here ({str(error)[:80]})") from error
    if not isinstance(data, dict):
        raise _malformed(file.place, "it holds no object")
    written = data.get("format")
    if type(written) is not int or written < 1:
        raise _malformed(file.place, f"its format is {str(written)[:40]!r}")
    if written > FORMAT:
        raise NewerResult(
            file.place, f"it is of format {written}, and this version reads up to {FORMAT}", "Install a newer Shoal."
        )
    for key, kind in _NEEDED.items():
        if not isinstance(data.get(key), kind) or (kind is int and isinstance(data[key], bool)):
            raise _malformed(file.place, f"its entry {key!r} is missing or of another type")
    return data


def hash_file(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        digest = sha256()
        while part := stream.read(2**20):
            digest.update(part)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to the disk, where the system can."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _malformed(place: Place, reason: str) -> MalformedFile:
    return MalformedFile(place, reason, "Run the study again.")


def _libraries() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found
