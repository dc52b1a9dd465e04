"""What was run, and what a reader must know."""

from typing import Any

from shoal.experiments.report.provenance import (
    loop_notes,
    notes,
    parameter_sheet,
    price_sheet,
    problems,
    system_sheet,
    tag_counts,
)
from shoal.experiments.result import Result

BRIDGED = {
    "kind": "bridged",
    "symbols": ["BTC"],
    "source_step_ns": 3_600 * 10**9,
    "provenance": {
        "quotes": {"BTC": "USD counts as USDC at par"},
        "model": {"name": "Brownian bridge in log price"},
        "missing_bars": {"BTC": 2},
    },
}


def said(**manifest: Any) -> str:
    return " | ".join(notes(manifest))


def test_what_is_finer_than_the_data_is_the_models() -> None:
    text = said(prices=BRIDGED)
    assert "Finer than the data: the model's" in text
    assert "every 1 h" in text
    assert "USD counts as USDC at par" in text
    assert "BTC 2" in text


def test_generated_prices_did_not_happen() -> None:
    assert "nothing in them has happened" in said(prices={"kind": "generated"})


def test_a_recorded_path_holds_its_own_liquidations(loop_result: Result, result: Result) -> None:
    days = {"prices": BRIDGED, "start": "2020-03-12T00:00:00Z", "end": "2020-03-14T00:00:00Z"}
    marginal, anachronism = loop_notes(days, loop_result.measured)
    assert "already contains what was liquidated" in marginal
    assert "marginal effect" in marginal
    assert "prices of 2020-03-12 to 2020-03-14 meet today's protocols" in anachronism
    assert loop_notes(days, result.measured) == []
    assert loop_notes({"prices": {"kind": "generated"}}, loop_result.measured) == []


def test_limits_of_the_outside_market_are_named() -> None:
    outside = {"depth_quote_tokens": 5e6, "permanent_share": 0.3, "half_life_s": 600.0}
    assert "5\u202f000\u202f000 quote tokens move it by 1 %" in said(parameters={"outside": outside})
    assert "untouchable" in said(parameters={"outside": outside | {"permanent_share": 0}})
    assert "unlimited depth" in said(parameters={"outside": outside | {"depth_quote_tokens": "inf"}})


def test_labels_and_pure_kernels_are_passed_on() -> None:
    text = said(labels=["a stated limit"], kernels={"book": "pure"})
    assert "a stated limit" in text
    assert "pure Python: book" in text


def test_parameters_carry_their_tags() -> None:
    tags = {
        path: {"kind": "assumed", "source": "", "unit": unit, "explain": "What it is.", "default": default}
        for path, unit, default in (("sample_s", "s", "30"), ("tip_gwei", "gwei", "1"))
    }
    parameters = {"sample_s": 30.0, "tip_gwei": 3.0, "unheard": {"of": 1}}
    sheet = parameter_sheet({"study": "market", "parameters": parameters, "tags": tags})
    rows = {row[0].text: [cell.text for cell in row] for row in sheet.rows}
    assert rows["sample_s"][1:3] == ["30 s", "assumed"]
    assert rows["tip_gwei"][2::2] == ["not the default", "default 1"]
    assert rows["unheard.of"][1] == "1"
    assert dict(tag_counts(sheet)) == {"assumed": 1, "not the default": 1}


def test_values_without_tags_are_still_shown() -> None:
    sheet = parameter_sheet({"study": "gone", "parameters": {"a": 1}})
    assert [cell.text for cell in sheet.rows[0]] == ["a", "1", "", "", ""]


def test_hashes_and_sources_are_listed() -> None:
    system = system_sheet({"seed": 7, "inputs": {"p.csv": "aa"}, "outputs": {"fills.parquet": {"sha256": "bb"}}})
    assert [row[0].text for row in system.rows] == ["seed", "SHA-256 of input p.csv", "SHA-256 of fills.parquet"]
    assert ("kind", "bridged") in [(row[0].text, row[1].text) for row in price_sheet({"prices": BRIDGED}).rows]


def test_a_finished_sound_run_has_no_problem() -> None:
    assert problems({"complete": True, "conservation": {"BTC": 0}}) == []


def test_a_failed_run_says_who_and_why() -> None:
    (text,) = problems(
        {"complete": False, "status": "failed", "failure": {"agent": "maker-1", "reason": "division by zero"}}
    )
    assert "failed: maker-1: division by zero" in text
    assert "interrupted" in problems({"complete": False, "status": "interrupted"})[0]


def test_missing_money_is_a_problem() -> None:
    assert "BTC 1 base units" in problems({"complete": True, "conservation": {"BTC": 1}})[0]
