"""The page: self-contained, complete, escaped, and red where it must be."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.experiments.synthetic import SyntheticRun, manifest

from shoal.experiments.plots.plots import Plots
from shoal.experiments.result import Result
from shoal.sim.thinning import POINTS_A_TRACE

EVIL = '</script><script>alert("x")</script>&<b>'


class Page(HTMLParser):
    """Collects tags, text outside scripts, and what scripts hold."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else ""
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif not self._inside:
            self.text += data


def parsed(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


@pytest.fixture(scope="module")
def page(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return parsed(result.report(tmp_path_factory.mktemp("report") / "report.html"))


def test_it_loads_nothing_from_elsewhere(page: Page) -> None:
    assert not [tag for tag, given in page.tags if tag in ("link", "img", "iframe") or "src" in given]
    (policy,) = (given["content"] for tag, given in page.tags if given.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy


def test_the_script_is_there_once(page: Page) -> None:
    assert sum("plotly.js v" in script for script in page.scripts) == 1


def test_every_figure_is_there_with_few_points(page: Page) -> None:
    figures = {
        given["id"]: json.loads(script)
        for (tag, given), script in zip((one for one in page.tags if one[0] == "script"), page.scripts, strict=True)
        if given.get("type") == "application/json"
    }
    assert set(figures) == {f"figure-{name}" for name in Plots.NAMES}
    places = {f"figure-{given['data-figure']}" for _, given in page.tags if "data-figure" in given}
    assert places == set(figures)
    for figure in figures.values():
        for trace in figure["data"]:
            if isinstance(trace.get("x"), dict):
                assert len(trace["x"]["bdata"]) <= POINTS_A_TRACE * 8 * 4 / 3 + 4


def test_it_says_what_was_run_and_that_money_is_conserved(page: Page, result: Result) -> None:
    assert "seed 7" in page.text
    assert result.digest in page.text
    assert "Money missing" in page.text
    assert "banner" not in [given.get("class") for tag, given in page.tags if tag == "div"]


def test_what_comes_from_outside_is_escaped(tmp_path: Path) -> None:
    tables = SyntheticRun(minutes=10).tables()
    fills = tables["fills"]
    index = fills.column_names.index("venue")
    evil = fills.column("venue").cast("string").to_pylist()
    tables["fills"] = fills.set_column(index, "venue", [[EVIL, *evil[1:]]])
    result = Result(manifest(study=EVIL, complete=False, status=EVIL, labels=[EVIL], inputs={EVIL: EVIL}), tables)
    path = result.report(tmp_path / "evil.html")
    page = parsed(path)
    assert "alert(" not in re.sub(r'alert\("x"\)', "", page.text)
    assert not [script for script in page.scripts if script.startswith("alert(")]
    assert EVIL in page.text
    assert not [tag for tag, _ in page.tags if tag == "b" and EVIL in tag]


def test_a_failed_run_carries_a_red_banner(result: Result, tmp_path: Path) -> None:
    failed = manifest(
        complete=False, status="failed", failure={"agent": "maker-1", "reason": "it raised", "traceback": "line 1"}
    )
    page = parsed(Result(failed, {name: result.arrow(name) for name in result.tables()}).report(tmp_path / "r.html"))
    assert ("div", {"class": "banner", "role": "alert"}) in page.tags
    assert "maker-1: it raised" in page.text
    assert "line 1" in page.text


def test_a_run_without_tables_still_gives_a_page(tmp_path: Path) -> None:
    page = parsed(Result(manifest(complete=False, status="interrupted"), {}).report(str(tmp_path / "r.html")))
    assert "interrupted" in page.text
    assert not [script for script in page.scripts if "plotly.js v" in script]


def test_an_existing_page_is_replaced_and_nothing_is_left_beside(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    path.write_text("old", encoding="utf-8")
    assert result.report(path) == path
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_size < 6.5e6
