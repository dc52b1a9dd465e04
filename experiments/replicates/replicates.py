"""What came out of replicates: estimates, the figures behind them, and every world as a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoal.experiments.manifest import hash_file, write_manifest
from shoal.experiments.plan import BASE
from shoal.experiments.reader import load_result
from shoal.experiments.result import Result
from shoal.experiments.store import REPORT

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import pyarrow as pa

    from shoal.experiments.replicates.topics import Topic


class Worlds(Mapping[str, Result]):
    """The worlds that finished, by their folder, such as "seed-7/no-attack"; each is read when first asked for."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self._folder = folder
        self._names = names
        self._read: dict[str, Result] = {}

    def __getitem__(self, name: str) -> Result:
        """The result of a world.

        Raises:
            KeyError: it did not finish, or there is none of that name.
            InputError: its folder is damaged.
        """
        if name not in self._names:
            raise KeyError(f"no finished world {name!r}; there are {', '.join(self._names)}")
        if name not in self._read:
            self._read[name] = load_result(self._folder / name)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Replicates:
    """The same study on many seeds, each with its counterfactual worlds.

    Args:
        manifest: as written to manifest.json.
        tables: "summary" and "figures" as Arrow tables.
        folder: where they lie; without ``out`` it vanishes with this object.
    """

    def __init__(self, manifest: Mapping[str, Any], tables: Mapping[str, pa.Table], folder: Path) -> None:
        self.manifest = dict(manifest)
        self.folder = folder
        self._tables = tables

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row a figure: mean of the effect, interval, n, and what pairing was worth."""
        return self._frame("summary")

    @cached_property
    def figures(self) -> pd.DataFrame:
        """One row a figure and replicate: value, control and effect."""
        return self._frame("figures")

    @cached_property
    def results(self) -> Worlds:
        """Every world that finished, by its folder, such as "seed-7/base"."""
        return Worlds(self.folder, tuple(name for name, how in self._worlds.items() if how["status"] == "finished"))

    def result(self, seed: int, world: str = BASE) -> Result:
        """One world of one seed.

        Raises:
            KeyError: no such world finished.
        """
        for name in self.results:
            if f"/{name}".endswith(f"/seed-{seed}/{world}"):
                return self.results[name]
        raise KeyError(f"no finished world {world!r} of seed {seed}")

    @property
    def complete(self) -> bool:
        """Whether every world finished and every figure was taken."""
        return bool(self.manifest.get("complete", False))

    @property
    def failures(self) -> dict[str, str]:
        """Why worlds failed, or figures could not be taken, by folder."""
        return {str(each["where"]): str(each["reason"]) for each in self.manifest.get("failures", ())}

    @property
    def topics(self) -> list[Topic]:
        """The estimates by topic, as the report and the command line show them."""
        from shoal.experiments.replicates.topics import topics

        return topics(self.summary) if len(self.summary) else []

    def plot(self, topic: str) -> go.Figure:
        """The estimates of a topic with their intervals and the replicates behind them.

        Raises:
            KeyError: no such topic.
        """
        from shoal.experiments.plots.forest import forest

        found = {each.title: each for each in self.topics}
        if topic not in found:
            raise KeyError(f"no topic {topic!r}; there are {', '.join(found)}")
        return forest(found[topic], self.figures)

    def report(self, path: Path | str) -> Path:
        """Write one self-contained HTML page; an existing file is replaced.

        Raises:
            OSError: the folder cannot be written to.
        """
        from shoal.experiments.replicates.report import write_report

        return write_report(self, Path(path))

    def add_report(self) -> Path:
        """Write the report into the folder and enter it into the manifest.

        Raises:
            OSError: the folder cannot be written to.
        """
        path = self.report(self.folder / REPORT)
        self.manifest["outputs"] = {**self.manifest["outputs"], REPORT: {"sha256": hash_file(path)}}
        write_manifest(self.folder, self.manifest)
        return path

    @property
    def _worlds(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = self.manifest.get("results", {})
        return found

    def _frame(self, name: str) -> pd.DataFrame:
        import pandas as pd

        return self._tables[name].to_pandas() if name in self._tables else pd.DataFrame()

    def __repr__(self) -> str:
        manifest = self.manifest
        state = "complete" if self.complete else str(manifest.get("status", "incomplete"))
        seeds, worlds = len(manifest.get("seeds", ())), ", ".join(manifest.get("worlds", ()))
        return f"<{seeds} replicates of {manifest.get('study')} ({worlds}): {state}, {len(self.results)} worlds>"

    def _repr_html_(self) -> str:
        table: str = self.summary.to_html(index=False)
        return table
