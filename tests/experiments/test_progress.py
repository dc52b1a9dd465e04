import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from shoal.experiments.progress import Bar, Lines, Silence, choose, clock_text, describe

HOUR = 3_600 * 10**9


def clock(*seconds: float) -> Iterator[float]:
    yield from seconds


def test_a_line_every_ten_seconds() -> None:
    stream, ticks = io.StringIO(), clock(100.0, 105.0, 110.0, 119.9, 120.0)
    lines = Lines(stream, clock=lambda: next(ticks))
    lines.begin(HOUR, 5 * HOUR)
    for part in range(1, 5):
        lines.advance(HOUR + part * HOUR // 2, 1_000 * part)
    lines.end()
    assert stream.getvalue().splitlines() == [
        "25.0 %  1:00:00 simulated  200 events/s  0:00:30 left",
        "50.0 %  2:00:00 simulated  200 events/s  0:00:20 left",
    ]


def test_a_bar_on_a_terminal() -> None:
    stream, ticks = io.StringIO(), clock(0.0, 4.0)
    console = Console(file=stream, force_terminal=True, width=120)
    bar = Bar(console, clock=lambda: next(ticks))
    bar.begin(0, 4 * HOUR)
    bar.advance(HOUR, 8_000)
    bar.end()
    assert "25.0 %  1:00:00 simulated  2,000 events/s  0:00:12 left" in stream.getvalue()


def test_which_one() -> None:
    terminal, file = Console(file=io.StringIO(), force_terminal=True), Console(file=io.StringIO())
    assert isinstance(choose(quiet=True, console=terminal), Silence)
    assert isinstance(choose(quiet=False, console=terminal), Bar)
    assert isinstance(choose(quiet=False, console=file), Lines)


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    silence = Silence()
    silence.begin(0, 10)
    silence.advance(5, 5)
    silence.end()
    assert capsys.readouterr() == ("", "")


def test_before_anything_has_happened() -> None:
    assert describe(0.0, 0, 0, 0.0) == "0.0 %  0:00:00 simulated  0 events/s  ? left"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00:00"), (59.6, "0:01:00"), (3661, "1:01:01"), (86_400, "1 d 0:00:00"), (2e6, "23 d 3:33:20")],
)
def test_spans_of_time(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text
