import os
import subprocess
import sys

import pytest
from tests.experiments.command.conftest import Shoal

import shoal as package
from shoal.experiments.command.errors import tell

COMMANDS = ("list", "show", "new", "check", "run", "verify", "validate", "report")


def test_help_teaches(shoal: Shoal) -> None:
    answer = shoal("--help")
    assert answer.code == 0
    for part in (*COMMANDS, "shoal run market --out out", "Exit codes", "130"):
        assert part in answer.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(shoal: Shoal, command: str) -> None:
    answer = shoal(command, "--help")
    assert answer.code == 0
    assert "Usage" in answer.out


def test_version(shoal: Shoal) -> None:
    assert shoal("--version").out.strip() == package.__version__


def test_an_unknown_command_is_2(shoal: Shoal) -> None:
    assert shoal("rum").code == 2


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['shoal', '--help']\n"
        "from shoal.experiments.command import main\n"
        "try: main()\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert loaded.isdisjoint({"numpy", "pandas", "pyarrow", "mesa", "simpy", "plotly", "scipy", "pydantic"})


def test_messages_hold_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    tell("a\x1b[31mred\x07\0\nsecond \udcff line")
    assert capsys.readouterr().err == "shoal: a\\x1b[31mred\\x07\\x00\nshoal: second \\udcff line\n"


def test_a_closed_pipe_is_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    script = "import sys; sys.argv = ['shoal', '--version']\nfrom shoal.experiments.command import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1
