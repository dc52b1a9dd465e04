"""``python -m shoal.experiments.calibration --data FOLDER``: print all fits and the preset that follows from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shoal.experiments.command.errors import telling

app = typer.Typer(add_completion=False)


@app.command()
def calibrate(
    data: Annotated[Path, typer.Option(help="Folder of the recordings; they are read in place.")],
    scale: Annotated[
        float, typer.Option(help="Part of the recorded flows that the preset carries.", min=1e-3, max=1e3)
    ] = 1.0,
    write: Annotated[
        Path | None, typer.Option(help="Also write the preset to this new study file; without it nothing is written.")
    ] = None,
) -> None:
    """Fit the market study's parameters to recorded markets."""
    from rich.console import Console

    from shoal.experiments.calibration.preset import as_study_file, choose
    from shoal.experiments.calibration.recorded import fit_all
    from shoal.experiments.calibration.table import fit_tables, preset_table
    from shoal.experiments.errors import OptionError, Place

    if write is not None and write.exists():
        raise OptionError(Place(f"--write {write}"), "the file is there already", "Name a new one.")
    recorded = fit_all(data)
    choices = choose(recorded, scale=scale)
    console = Console()
    for table in fit_tables(recorded.all):
        console.print(table)
    console.print(preset_table(choices, scale=scale))
    if write is not None:
        with write.open("x", encoding="utf-8") as file:
            file.write(as_study_file(choices))


def main() -> None:
    """Run the command; mistakes in what was handed in end with a message and exit code 2."""
    with telling():
        app()


if __name__ == "__main__":
    main()
