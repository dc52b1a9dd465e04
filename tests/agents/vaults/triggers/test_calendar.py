from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.triggers.calendar import Calendar
from shoal.sim.units import Asset

ETH = Asset("ETH", 18)
HOUR_NS = 3_600 * 10**9
DAY_NS = 24 * HOUR_NS
NOON_NS = 20_000 * DAY_NS + 12 * HOUR_NS


def reason(calendar: Calendar, now_ns: int) -> str | None:
    move = calendar.destination(Portfolio(now_ns, {ETH: 1.0}, {ETH: 0.2}, cash=1.0), {ETH: 0.5})
    return None if move is None else move.reason


def dates(calendar: Calendar, looks: list[int]) -> list[int]:
    """The looks at which it moves, each carried out at once."""
    found = []
    for now_ns in looks:
        if reason(calendar, now_ns) is not None:
            found.append(now_ns)
            calendar.fired(now_ns)
    return found


def test_the_first_look_is_the_first_date() -> None:
    looks = [NOON_NS + hour * HOUR_NS for hour in range(50)]
    assert dates(Calendar(interval_ns=DAY_NS), looks) == [NOON_NS, NOON_NS + DAY_NS, NOON_NS + 2 * DAY_NS]


def test_dates_aligned_with_the_epoch_are_midnights() -> None:
    looks = [NOON_NS + hour * HOUR_NS for hour in range(50)]
    midnights = [NOON_NS + 12 * HOUR_NS, NOON_NS + 36 * HOUR_NS]
    assert dates(Calendar(interval_ns=DAY_NS, start_ns=0), looks) == [NOON_NS, *midnights]


def test_nothing_happens_before_the_start() -> None:
    looks = [NOON_NS + hour * HOUR_NS for hour in range(50)]
    start_ns = NOON_NS + 30 * HOUR_NS
    assert dates(Calendar(interval_ns=DAY_NS, start_ns=start_ns), looks) == [start_ns]


def test_missed_dates_are_made_up_for_once() -> None:
    late_ns = NOON_NS + 3 * DAY_NS + 5 * HOUR_NS
    looks = [NOON_NS, late_ns, late_ns + HOUR_NS, NOON_NS + 4 * DAY_NS]
    calendar = Calendar(interval_ns=DAY_NS)
    assert dates(calendar, looks) == [NOON_NS, late_ns, NOON_NS + 4 * DAY_NS]


def test_a_late_one_says_so() -> None:
    calendar = Calendar(interval_ns=DAY_NS, start_ns=0)
    assert reason(calendar, NOON_NS) == "date, 43200 s late"
    assert reason(Calendar(interval_ns=DAY_NS), NOON_NS) == "date"


def test_a_date_stays_open_until_it_is_carried_out() -> None:
    calendar = Calendar(interval_ns=DAY_NS)
    assert reason(calendar, NOON_NS) == "date"
    assert reason(calendar, NOON_NS + HOUR_NS) == "date, 3600 s late"
    calendar.fired(NOON_NS + HOUR_NS)
    assert reason(calendar, NOON_NS + 2 * HOUR_NS) is None


def test_a_date_that_passes_while_the_one_before_is_carried_out_is_not_lost() -> None:
    calendar = Calendar(interval_ns=DAY_NS)
    assert reason(calendar, NOON_NS) is not None
    calendar.fired(NOON_NS + DAY_NS + HOUR_NS)
    assert reason(calendar, NOON_NS + DAY_NS + HOUR_NS) == "date, 3600 s late"


@given(st.lists(st.integers(0, 5 * DAY_NS), min_size=1, max_size=40))
def test_never_twice_for_one_date_and_at_every_date_that_was_seen(gaps: list[int]) -> None:
    looks = [NOON_NS + sum(gaps[: index + 1]) for index in range(len(gaps))]
    numbers = [(now_ns - looks[0]) // DAY_NS for now_ns in dates(Calendar(interval_ns=DAY_NS), looks)]
    assert numbers == sorted({(now_ns - looks[0]) // DAY_NS for now_ns in looks})


@pytest.mark.parametrize("terms", [{"interval_ns": 0}, {"interval_ns": 1.5}, {"interval_ns": 1, "start_ns": -1}])
def test_parameters_out_of_range_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="calendar"):
        Calendar(**terms)
