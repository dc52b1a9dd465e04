"""Undoing puts every cell back, at a cost that follows what was touched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from shoal.sim.journal import Journal, swap

KEYS = ("a", "b", "c")
writes = st.tuples(st.integers(0, 1), st.sampled_from(KEYS), st.none() | st.integers())


def apply(journal: Journal, cells: list[dict[str, Any]], write: tuple[int, str, Any]) -> None:
    where, key, value = write
    if value == 0 and key in cells[where]:
        journal.erase(cells[where], key)
    else:
        journal.write(cells[where], key, value)


class Nested(RuleBasedStateMachine):
    """Marks nest: call < transaction < bundle < block."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = Journal()
        self.cells: list[dict[str, Any]] = [{"a": 1}, {}]
        self.marks: list[tuple[int, list[dict[str, Any]]]] = []

    @rule(write=writes)
    def write(self, write: tuple[int, str, Any]) -> None:
        apply(self.journal, self.cells, write)

    @rule()
    def mark(self) -> None:
        self.marks.append((self.journal.mark(), [dict(cells) for cells in self.cells]))

    @rule(depth=st.integers(1, 3))
    def undo(self, depth: int) -> None:
        if len(self.marks) >= depth:
            for _ in range(depth):
                mark, before = self.marks.pop()
            self.journal.undo(mark)
            assert self.cells == before
            assert self.journal.mark() == mark


TestNested = Nested.TestCase


@given(st.lists(writes, max_size=20))
def test_taken_and_swapped_twice_is_the_identity(script: list[tuple[int, str, Any]]) -> None:
    journal = Journal()
    cells: list[dict[str, Any]] = [{"a": 1}, {"b": 2}]
    before = [dict(one) for one in cells]
    for write in script:
        apply(journal, cells, write)
    after = [dict(one) for one in cells]
    log = journal.take()
    assert journal.mark() == 0
    forward = swap(log)
    assert cells == before
    again = swap(forward)
    assert cells == after
    assert again == log


@given(st.lists(writes, min_size=1, max_size=20), st.integers(1, 1_000))
def test_the_cost_follows_what_was_touched(script: list[tuple[int, str, Any]], size: int) -> None:
    journal = Journal()
    cells: list[dict[Any, Any]] = [dict.fromkeys(range(size)), {}]
    for count, write in enumerate(script, 1):
        apply(journal, cells, write)
        assert journal.mark() == count


def test_a_cell_that_was_not_there_is_gone_again_and_none_is_a_value() -> None:
    journal, cells = Journal(), {"none": None}
    journal.write(cells, "none", 1)
    journal.write(cells, "new", None)
    journal.undo(0)
    assert cells == {"none": None}


def test_commit_forgets_how_to_undo() -> None:
    journal, cells = Journal(), {"a": 1}
    journal.write(cells, "a", 2)
    journal.commit()
    journal.undo(0)
    assert cells == {"a": 2}


def test_erasing_what_is_not_there_is_a_mistake_and_writes_nothing() -> None:
    journal: Journal = Journal()
    with pytest.raises(KeyError):
        journal.erase({}, "a")
    assert journal.mark() == 0


def test_attributes_of_an_object_are_cells_too() -> None:
    class Thing:
        def __init__(self) -> None:
            self.size = 1

    journal, thing = Journal(), Thing()
    journal.write(vars(thing), "size", 2)
    assert thing.size == 2
    journal.undo(0)
    assert thing.size == 1
