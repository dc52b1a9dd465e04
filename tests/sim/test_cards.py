"""What a notebook shows: escaped, small, without scripts."""

import math
from html.parser import HTMLParser

import pytest

from shoal.sim.cards import card, sparkline, venue_html, world_html
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.units import Asset
from shoal.sim.world import World
from shoal.venues.outside_market import OutsideMarket


def tags(html: str) -> list[str]:
    """Opening tags; every opened one but lines must be closed."""
    opened: list[str] = []
    depth: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            opened.append(tag)
            depth.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert depth.pop() == tag

    Reader().feed(html.replace("/>", "></path>"))
    assert depth == []
    return opened


def market() -> tuple[World, OutsideMarket]:
    world = World(seed=3)
    venue = OutsideMarket(
        "BTC outside", Asset("BTC", 8), Asset("USDC", 6), depth_quote_tokens=1e6, fee_ppm=500, permanent_share=0.3,
        half_life_s=60.0,
    )  # fmt: skip
    Exchange(world, "outside", service_ns=1).add(venue)
    venue.observe(8_000.0)
    return world, venue


def test_a_world_shows_time_hosts_and_venues() -> None:
    world, _ = market()
    world.run(until_ns=10**9)
    html = world_html(world)
    assert "1970-01-01 00:00:01" in html
    assert "BTC outside" in html
    assert "mid 8,000" in html
    assert tags(html)[0] == "div"


def test_a_venue_shows_mid_bid_and_ask() -> None:
    _, venue = market()
    html = venue_html(venue, 0)
    assert "OutsideMarket" in html
    assert "7,996" in html
    assert "8,004" in html


def test_text_is_escaped() -> None:
    html = card("<b>", "&", [("<script>", "<i>", "")])
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("values", [[], [math.nan, math.nan]])
def test_without_values_there_is_no_line(values: list[float]) -> None:
    assert sparkline(values) == ""


def test_a_line_breaks_at_a_gap_and_stays_short() -> None:
    assert sparkline([1.0, 2.0, math.nan, 2.0, 1.0]).count("M") == 2
    assert sparkline([5.0, 5.0]).count("L") == 1
    assert len(sparkline([float(index % 97) for index in range(100_000)])) < 4_000
