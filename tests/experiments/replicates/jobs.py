"""Jobs that other processes can import."""

import os
import signal
from collections.abc import Callable


def square(job: int, tell: Callable[[object], None]) -> int:
    tell(("at", job))
    return job * job


def square_or_die(job: int, tell: Callable[[object], None]) -> int:
    if job == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if job == 4:
        os._exit(5)
    return job * job
