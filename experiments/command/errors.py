"""How the command line tells what went wrong: a message, an exit code, and no traceback for a user's mistake."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

FAILED: Final = 1
REFUSED: Final = 2
INTERRUPTED: Final = 130


@contextmanager
def telling() -> Iterator[None]:
    """Turn errors of known kinds into messages and exit codes.

    Raises:
        SystemExit: with the exit code.
    """
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has closed it; the interpreter must not try to flush into it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except Exception as error:
        from shoal.experiments.errors import InputError
        from shoal.sim.errors import RunError

        if isinstance(error, InputError):
            tell(str(error))
            sys.exit(REFUSED)
        if isinstance(error, RunError):
            tell(str(error))
            sys.exit(FAILED)
        raise


def tell(message: str) -> None:
    """Write a message to standard error, one line a mistake, whatever characters a file name holds."""
    for line in message.splitlines():
        text = "".join(each if each.isprintable() else repr(each)[1:-1] for each in line)
        sys.stderr.write(f"shoal: {text}\n".encode(errors="backslashreplace").decode(errors="replace"))
