from pathlib import Path

from tests.experiments.replay_book.recordings import lobster
from tests.experiments.replay_book.test_replay import LEVELS, MESSAGES

from shoal.experiments.plots.replay import replay_figure
from shoal.experiments.replay_book.replay import replay_book


def test_quotes_spread_and_disagreements(tmp_path: Path) -> None:
    figure = replay_figure(replay_book(lobster(tmp_path, MESSAGES, LEVELS)))
    names = [trace.name for trace in figure.data]
    assert names[:4] == ["recorded bid", "recorded ask", "engine bid", "engine ask"]
    assert names[4:] == ["recorded spread", "engine spread", "disagreements"]
    assert sum(figure.data[-1].y) == 1


def test_without_recorded_quotes_the_figure_says_so(tmp_path: Path) -> None:
    figure = replay_figure(replay_book(lobster(tmp_path, MESSAGES)))
    assert "no best quotes" in figure.layout.annotations[0].text
