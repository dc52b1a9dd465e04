"""One look: colours, words, axes."""

import pandas as pd

from shoal.experiments.plots.theme import MUTED, VenueColours, nothing, rows_figure, time_axis, utc, words


def test_a_colour_stays_with_its_venue() -> None:
    venues = pd.DataFrame({"venue": ["a", "b", "c", "d"], "kind": ["pool", "pool", "book", "something new"]})
    colours = VenueColours.of(venues)
    assert len({colours[venue] for venue in "abcd"}) == 4
    assert colours["unheard of"] == MUTED
    assert VenueColours.of(venues)["b"] == colours["b"]


def test_class_names_become_words() -> None:
    assert words("BookArbitrageur") == "book arbitrageur"


def test_times_are_naive_utc() -> None:
    assert str(utc([0, 1_500_000_000])[1]) == "1970-01-01 00:00:01.500000"


def test_the_time_axis_is_named_at_the_foot() -> None:
    figure = time_axis(rows_figure(["one", "two"]))
    assert figure.layout.xaxis.title.text is None
    assert figure.layout.xaxis2.title.text == "Time (UTC)"


def test_an_empty_figure_says_why() -> None:
    assert nothing("no trades").layout.annotations[0].text == "no trades"
