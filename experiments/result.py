"""What came out of a run: its tables, its key figures, its plots, its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from shoal.experiments.measures.measured import Measured
    from shoal.experiments.plots.plots import Plots


class Result:
    """The tables and the manifest of one run.

    Tables are attributes: ``result.fills`` is a tidy DataFrame with units in its column names, exact base units as
    Arrow decimals (``_raw``) and a ``time`` column in UTC beside ``time_ns``. Each is converted when first asked for.

    Args:
        manifest: study, parameters, seed, versions, counts, digest, conservation, as written to manifest.json.
        tables: Arrow tables by name.
        folder: where they lie on disk, if they do.
    """

    def __init__(self, manifest: Mapping[str, Any], tables: Mapping[str, pa.Table], folder: Path | None = None) -> None:
        self.manifest = dict(manifest)
        self.folder = folder
        self._arrow = tables
        self._frames: dict[str, pd.DataFrame] = {}

    # --- tables -----------------------------------------------------------------------------------------------

    def tables(self) -> tuple[str, ...]:
        """Names of the tables."""
        return tuple(sorted(self._arrow))

    def arrow(self, name: str) -> pa.Table:
        """A table as Arrow.

        Raises:
            KeyError: no such table; the message lists them.
        """
        try:
            return self._arrow[name]
        except KeyError:
            raise KeyError(f"no table {name!r}; there are {', '.join(self.tables())}") from None

    def table(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A table as a DataFrame, converted once; do not change it in place. With ``columns`` just those.

        Raises:
            KeyError: no such table; the message lists them.
        """
        from shoal.experiments.measures.frames import frame_of

        frame = self._frames.get(name)
        if columns is not None:
            chosen = list(columns)
            return frame_of(self.arrow(name).select(chosen)) if frame is None else frame[chosen]
        if frame is None:
            frame = self._frames[name] = frame_of(self.arrow(name))
        return frame

    def __getattr__(self, name: str) -> pd.DataFrame:
        tables = self.__dict__.get("_arrow", {})
        if name in tables:
            return self.table(name)
        known = ", ".join(sorted(tables))
        raise AttributeError(f"a result has no {name!r}; its tables are {known}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._arrow})

    # --- what it says -----------------------------------------------------------------------------------------

    @property
    def complete(self) -> bool:
        """Whether the run reached its end."""
        return bool(self.manifest.get("complete", False))

    @property
    def digest(self) -> str:
        """SHA-256 over the recorded tables, hexadecimal; empty if the run has none."""
        return str(self.manifest.get("digest") or "")

    def summary(self) -> pd.DataFrame:
        """Key figures, one a row: ``topic``, ``subject``, ``figure``, ``value``, ``unit``."""
        from shoal.experiments.measures.summary import summary

        return summary(self.measured, self.manifest)

    @cached_property
    def measured(self) -> Measured:
        """Every measure of this run, each worked out when first asked for."""
        from shoal.experiments.measures.measured import Measured

        return Measured(self.tables(), self.table)

    @cached_property
    def plot(self) -> Plots:
        """Plotly figures: ``result.plot.prices()``, ``.depth()``, ``.spread()``, ``.gaps()``, ..."""
        from shoal.experiments.plots.plots import Plots

        return Plots(self.measured)

    def report(self, path: Path | str) -> Path:
        """Write one self-contained HTML page that opens offline; an existing file is replaced.

        Raises:
            OSError: the folder cannot be written to.
        """
        from shoal.experiments.report.render import write_report

        return write_report(self.manifest, self.measured, self.plot, Path(path))

    def save(self, out: Path | str) -> Result:
        """Write tables, manifest and report into a folder, as ``--out`` would have left it, and load it from there.

        Raises:
            InputError: the folder cannot be used.
            OSError: it cannot be written to.
        """
        from shoal.experiments.saving import save

        return save(self, out)

    def __repr__(self) -> str:
        manifest = self.manifest
        state = "complete" if self.complete else str(manifest.get("status", "incomplete"))
        counts = ", ".join(
            f"{manifest[name]:,} {name}" for name in ("fills", "transactions", "events") if name in manifest
        )
        name = f"Result of {manifest.get('study')}, seed {manifest.get('seed')}"
        return f"<{name}: {state}, {counts}, digest {self.digest[:12]}>"

    def _repr_html_(self) -> str:
        from shoal.experiments.notebook import result_html

        return result_html(self)
