"""`shoal list`, `shoal show`, `shoal new`, `shoal check`."""

from __future__ import annotations

import sys

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from shoal.experiments.options import DEFAULT_SEED
from shoal.experiments.plan import check_file
from shoal.experiments.registry import find_study, study_names
from shoal.experiments.study import Described, describe, groups, headline
from shoal.experiments.study_file import toml_text, write_study


def list_studies() -> None:
    """Print each study's name and what it is."""
    table = Table("study", "what it is", box=box.SIMPLE_HEAD)
    for name in study_names():
        table.add_row(name, headline(find_study(name)))
    Console().print(table)


def show_study(name: str) -> None:
    """Print each parameter with default, unit, what is allowed, tag and source."""
    kind = find_study(name)
    console = Console()
    console.print(Text(headline(kind)))
    for path, inner in groups(kind).items():
        own = [each for each in describe(kind) if each.path.rpartition(".")[0] == path]
        if path and own:
            console.print(Text(f"\n{headline(inner)}", style="bold"))
        for each in own:
            console.print(_entry(each))
    console.print(Text(f"\nshoal run {name} --set NAME=VALUE overrides one; shoal new {name} > FILE writes them all."))


def _entry(each: Described) -> Group:
    known = each.parameter
    heading = Text.assemble((each.path, "bold cyan"), f" = {toml_text(each.default)} {known.unit}".rstrip())
    wanted = each.wanted.partition(", in ")[0]
    told = f"{known.explain} {wanted[0].upper()}{wanted[1:]}. [{known.tag}]"
    return Group(heading, Padding(Text(told), (0, 0, 0, 4)))


def print_file(name: str) -> None:
    """Print a study file with the defaults."""
    kind = find_study(name)
    sys.stdout.write(write_study(name, kind(), seed=DEFAULT_SEED))


def check(file: str) -> None:
    """Say that a file is fine; mistakes are raised.

    Raises:
        InputError: what is wrong with it.
    """
    name, study = check_file(file)
    count = len(describe(type(study)))
    Console().print(Text(f"{file}: a study `{name}` with {count} parameters, no mistakes."))
