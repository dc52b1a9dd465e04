"""The parameters of a study as Markdown tables, from the study itself."""

from collections.abc import Iterator

from shoal.experiments.study import Described, Group, Study, describe, groups, headline
from shoal.experiments.study_file import toml_text

HEADINGS = ("parameter", "default", "what it is", "what stands behind it")


def parameter_tables(study: type[Study], beyond: type[Study] | None = None) -> str:
    """One table a group: path, default and unit, explanation and what is allowed, tag and source.

    Args:
        study: whose parameters.
        beyond: a study whose parameters are left out.
    """
    known = set() if beyond is None else {each.path for each in describe(beyond)}
    sections = []
    for path, group in groups(study).items():
        own = [each for each in describe(study) if each.path.rpartition(".")[0] == path and each.path not in known]
        if own:
            sections.append("\n".join((*_heading(path, group), *_table(own))))
    return "\n\n".join(sections)


def _heading(path: str, group: type[Group]) -> tuple[str, ...]:
    return (f"## {path}", "", headline(group), "") if path else ("## The study itself", "")


def _table(described: list[Described]) -> Iterator[str]:
    yield _row(HEADINGS)
    yield _row(("---",) * len(HEADINGS))
    for each in described:
        known, wanted = each.parameter, each.wanted.partition(", in ")[0]
        default = f"`{toml_text(each.default)}` {known.unit}".rstrip()
        explained = f"{known.explain} {wanted[0].upper()}{wanted[1:]}."
        yield _row((f"`{each.path}`", default, explained, str(known.tag)))


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("*", "\\*") for cell in cells) + " |"
