"""What a notebook shows of a result."""

from tests.experiments.synthetic import manifest
from tests.sim.test_cards import tags

from shoal.experiments.notebook import result_html
from shoal.experiments.result import Result


def test_a_result_shows_its_venues_with_drawings(result: Result) -> None:
    html = result._repr_html_()
    assert html == result_html(result)
    assert tags(html).count("svg") >= 8
    assert "script" not in tags(html)
    assert "money missing" in html
    assert len(html) < 60_000


def test_an_incomplete_result_says_so() -> None:
    assert "NOT COMPLETE: failed" in result_html(Result(manifest(complete=False, status="failed"), {}))
