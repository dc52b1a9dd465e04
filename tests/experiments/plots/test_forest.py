import pandas as pd
from tests.experiments.replicates.summaries import NAN, estimated, replicated

from shoal.experiments.plots.forest import forest
from shoal.experiments.replicates.topics import Topic, topics

SUMMARY = pd.DataFrame(
    [
        estimated("cost", topic="Cost"),
        estimated("cost", "off", topic="Cost"),
        estimated("loss", topic="Cost", low=NAN, high=NAN, n=1),
        estimated("none", topic="Cost", mean=NAN, low=NAN, high=NAN, n=0),
        estimated("factor, off", topic="Cost", unit="times"),
    ]
)


def test_a_panel_a_unit_and_world_with_dots_and_intervals() -> None:
    (topic,) = topics(SUMMARY)
    figure = forest(topic, replicated(SUMMARY))
    titles = [each.text for each in figure.layout.annotations]
    assert titles == ["base", "vs off"]
    assert [figure.layout[f"xaxis{number}"].title.text for number in ("", 2, 3, 4)] == ["bps", "bps", "times", "times"]
    points = {trace.xaxis: trace for trace in figure.data if trace.marker.symbol == "diamond"}
    assert list(points["x"].y) == ["cost", "loss"]
    # Without an interval there is no bar.
    assert list(points["x"].error_x.array) == [1.0, 0.0]
    # A line without an entry in this column keeps its place.
    assert (list(points["x2"].x), list(points["x2"].y)) == ([2.0, None], ["cost", "loss"])
    dots = [trace for trace in figure.data if trace.marker.symbol is None and trace.xaxis == "x2"]
    assert list(dots[0].x) == [1.5, 2.5]
    assert not figure.layout.xaxis3.visible
    # No difference is 0, of a factor 1.
    assert [each.x0 for each in figure.layout.shapes] == [0.0, 1.0]


def test_many_worlds_stand_in_lines_of_one_panel() -> None:
    summary = pd.DataFrame([estimated("cost", f"no-{letter}", topic="Cost") for letter in "abcdef"])
    (topic,) = topics(summary)
    figure = forest(topic, replicated(summary))
    assert list(figure.data[1].y) == [f"cost, vs no-{letter}" for letter in "abcdef"]


def test_nothing_says_so() -> None:
    figure = forest(Topic("Cost", (), SUMMARY[:0]), replicated(SUMMARY[:0]))
    assert figure.layout.annotations[0].text == "There are no figures."
