"""The sections of results."""

from tests.experiments.loop_tables import loop_tables
from tests.experiments.synthetic import SyntheticRun

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


LOOP = ["vaults", "rebalances", "attacks", "liquidations"]


def test_sections_of_the_loop_follow_the_prices(loop_result: Result) -> None:
    found = list(sections(loop_result.measured, loop_result.plot))
    assert [section.name for section in found][:6] == ["prices", *LOOP, "liquidity"]
    assert all(section.figures and all(sheet.rows for sheet in section.sheets) for section in found)


def test_a_section_is_there_only_if_its_table_is(result: Result) -> None:
    attacked = Result(result.manifest, SyntheticRun().tables() | {"attacks": loop_tables()["attacks"]})
    names = [section.name for section in sections(attacked.measured, attacked.plot)]
    assert [name for name in names if name in LOOP] == ["attacks"]


def test_the_table_of_costs_names_every_part_and_its_sum(loop_result: Result) -> None:
    (section,) = (one for one in sections(loop_result.measured, loop_result.plot) if one.name == "rebalances")
    policies = section.sheets[0]
    assert [row[0].text for row in policies.rows] == ["calendar", "threshold"]
    assert [column.heading for column in policies.columns[3:-3]] == [
        "delay", "fee", "impact", "ordering", "adversary", "gas", "unfilled",
    ]  # fmt: skip


def test_why_a_vault_could_not_trade_is_said_once(loop_result: Result) -> None:
    (section,) = (one for one in sections(loop_result.measured, loop_result.plot) if one.name == "vaults")
    assert [[cell.text for cell in row][2:] for row in section.sheets[1].rows] == [["1", "stale price"]]
