"""The order book kernel: compiled where the extension was built, else its Python twin.

`SHOAL_PURE=1` in the environment asks for the twin. Both answer alike, bit for bit.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from shoal.ext.book_refusals import (
    MAXIMUM,
    AlreadyExpired,
    BookRefusal,
    Collecting,
    OutOfRange,
    StillCrossed,
    Unfillable,
    UnknownOrderId,
    WouldCross,
    WouldTrigger,
)
from shoal.ext.book_terms import CANCEL_BOTH, CANCEL_MAKER, CANCEL_TAKER, DECREMENT, LAST, MARK, STP_NONE

__all__ = [
    "BUY",
    "CANCEL_BOTH",
    "CANCEL_MAKER",
    "CANCEL_TAKER",
    "COMPILED",
    "DECREMENT",
    "LAST",
    "MARK",
    "MAXIMUM",
    "SELL",
    "STP_NONE",
    "AlreadyExpired",
    "Book",
    "BookRefusal",
    "Collecting",
    "OutOfRange",
    "StillCrossed",
    "Unfillable",
    "UnknownOrderId",
    "WouldCross",
    "WouldTrigger",
]

COMPILED: bool = os.environ.get("SHOAL_PURE") != "1" and find_spec("shoal.ext.book_kernel") is not None

if TYPE_CHECKING or not COMPILED:
    from shoal.ext.book_kernel_twin import BUY, SELL, Book
else:
    from shoal.ext.book_kernel import BUY, SELL, Book
