"""The sections of results."""

from shoal.experiments.report.sections import closure_sheet, rounded, sections
from shoal.experiments.result import Result


def test_every_section_has_figures_and_tables_with_rows(result: Result) -> None:
    found = list(sections(result.measured, result.plot))
    assert [section.name for section in found] == [
        "prices", "liquidity", "gaps", "volume", "providers", "markouts", "earned", "chain",
    ]  # fmt: skip
    assert all(section.figures for section in found)
    assert all(sheet.rows for section in found for sheet in section.sheets)


def test_sums_of_who_earned_from_whom_are_zero(result: Result) -> None:
    (earned,) = (section for section in sections(result.measured, result.plot) if section.name == "earned")
    total = earned.sheets[0].rows[-1]
    assert total[0].text == "sum"
    assert {cell.text for cell in total[2:]} == {"0"}


def test_horizons_that_cannot_be_seen_are_named(result: Result) -> None:
    (markouts,) = (section for section in sections(result.measured, result.plot) if section.name == "markouts")
    assert "every 10 s: 1 s cannot be seen" in markouts.text


def test_the_closure_is_exact(result: Result) -> None:
    assert [row[-1].text for row in closure_sheet(result.measured).rows] == ["0", "0", "0"]


def test_amounts_round_to_hundredths() -> None:
    assert [rounded(one) for one in (1e-9, -1e-9, 1234.567, -0.5)] == ["0", "0", "+1\u202f234.57", "−0.50"]
