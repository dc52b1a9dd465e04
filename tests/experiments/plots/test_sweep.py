import pandas as pd
import pytest
from tests.experiments.replicates.summaries import NAN, estimated

from shoal.experiments.plots.sweep import sweep
from shoal.experiments.replicates.topics import topics


def test_a_line_a_figure_over_what_was_set() -> None:
    rows = [
        estimated(
            f"amplification of {asset}, {what}-{number}", topic="Settings", unit="times", mean=mean, high=mean + 0.5
        )
        for asset in ("BTC", "ETH")
        for what, number, mean in (("depth", "3", 1.1), ("depth", "0p1", 1.5), ("share", "0", 1.2), ("share", "1", 1.3))
    ]
    rows.append(estimated("amplification of BTC, oracle-pool", topic="Settings", unit="times"))
    figure = sweep(topics(pd.DataFrame(rows))[0])
    assert figure is not None
    assert [(trace.name, list(trace.x), list(trace.y)) for trace in figure.data[:2]] == [
        ("BTC", [0.1, 3.0], [1.5, 1.1]),
        ("ETH", [0.1, 3.0], [1.5, 1.1]),
    ]
    assert len(figure.data) == 4
    assert [trace.showlegend for trace in figure.data] == [True, True, False, False]
    assert list(figure.data[0].error_y.array) == pytest.approx([0.5, 0.5])
    axes = figure.layout.xaxis, figure.layout.xaxis2
    assert [(axis.title.text, axis.type) for axis in axes] == [("depth", "log"), ("share", "linear")]
    assert figure.layout.yaxis.title.text == "amplification, times"


def test_sizes_in_words_are_settings_too() -> None:
    rows = [estimated(f"cost of hold, at once, {size} of the depth") for size in ("0.10%", "10.00%")]
    figure = sweep(topics(pd.DataFrame(rows))[0])
    assert figure is not None
    assert (figure.data[0].name, list(figure.data[0].x)) == ("at once", [0.1, 10.0])
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("% of the depth", "cost of hold, bps")


def test_without_two_numbers_there_is_no_figure() -> None:
    assert sweep(topics(pd.DataFrame([estimated("cost"), estimated("fall", "off")]))[0]) is None
    assert sweep(topics(pd.DataFrame([estimated("fall, depth-3", topic="Settings")]))[0]) is None
    missing = [estimated(f"fall, depth-{each}", topic="Settings", mean=NAN) for each in (1, 2)]
    assert sweep(topics(pd.DataFrame(missing))[0]) is None
