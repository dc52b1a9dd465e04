"""The command line, run in this process as the installed script runs it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from shoal.experiments.command import main


@dataclass(frozen=True, slots=True)
class Answer:
    """Exit code and what was printed."""

    code: int
    out: str
    err: str


Shoal = Callable[..., Answer]


@pytest.fixture
def shoal(tiny: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shoal:
    """Run `shoal` with arguments."""

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["shoal", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main()
        code = caught.value.code
        assert code is None or isinstance(code, int)
        printed = capsys.readouterr()
        return Answer(code or 0, printed.out, printed.err)

    return run
