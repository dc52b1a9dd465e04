"""The undo log that the ledger and the venues of one world share."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final


class _Absent:
    """Stands for a cell that did not exist."""


ABSENT: Final = _Absent()
Cells = MutableMapping[Any, Any]
Entry = tuple[Cells, Any, Any]


class Journal:
    """An append-only log of overwritten cells; undoing costs what was touched.

    A cell is a key of a dict: a balance, or an attribute of a venue through ``vars(venue)``. A call nests in a
    transaction, a transaction in a bundle, a bundle in a block: each takes a mark and may go back to it.

    >>> journal, cells = Journal(), {"reserve": 5}
    >>> mark = journal.mark()
    >>> journal.write(cells, "reserve", 7)
    >>> journal.undo(mark)
    >>> cells
    {'reserve': 5}
    """

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def write(self, cells: Cells, key: Any, value: Any) -> None:
        """Set a cell and remember what it held."""
        self._entries.append((cells, key, cells.get(key, ABSENT)))
        cells[key] = value

    def overwrite(self, cells: Cells, key: Any, old: Any, value: Any) -> None:
        """Set a cell of which the caller knows what it holds (``ABSENT``: nothing)."""
        self._entries.append((cells, key, old))
        cells[key] = value

    def erase(self, cells: Cells, key: Any) -> None:
        """Remove a cell and remember what it held; undone, it comes back as the dict's last: who iterates, sorts."""
        self._entries.append((cells, key, cells.pop(key)))

    def mark(self) -> int:
        """A place to come back to."""
        return len(self._entries)

    def undo(self, mark: int) -> None:
        """Put every cell back to what it held at the mark, newest first."""
        entries = self._entries
        while len(entries) > mark:
            cells, key, old = entries.pop()
            if old is ABSENT:
                del cells[key]
            else:
                cells[key] = old

    def commit(self) -> None:
        """Forget how to undo: what was written stays."""
        self._entries.clear()

    def take(self) -> list[Entry]:
        """Hand over the log and start an empty one: what was written stays, and ``swap`` can still undo it."""
        taken, self._entries = self._entries, []
        return taken


def swap(entries: list[Entry]) -> list[Entry]:
    """Undo a log taken earlier and return the log that undoes the undoing.

    The cells must not have been written since, except through logs already swapped back.
    """
    inverse: list[Entry] = []
    for cells, key, old in reversed(entries):
        inverse.append((cells, key, cells.get(key, ABSENT)))
        if old is ABSENT:
            del cells[key]
        else:
            cells[key] = old
    return inverse
