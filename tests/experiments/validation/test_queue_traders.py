"""What the traders send, and what they count."""

from typing import Any

from shoal.experiments.validation.queue_form import SKY_PERFECT, plain
from shoal.experiments.validation.queue_model import Queue, Queues, both_executed, rise
from shoal.experiments.validation.queue_traders import ASK_TICKS, BID_TICKS, play_races
from shoal.sim.world import World

STARTS = (plain(1, 1), plain(2, 3))
PLACES = (Queues(Queue(1, 0), Queue(1, 0)), Queues(Queue(3, 0), Queue(2, 0)))


def rows(world: World, table: str) -> list[dict[str, Any]]:
    world.records.close()
    found: list[dict[str, Any]] = world.records.tables[table].arrow().to_pylist()
    return found


def played(seed: int = 7) -> tuple[dict[Queues, Any], World]:
    return play_races(seed, books=3, starts=STARTS, rounds=4, rates=SKY_PERFECT, end=rise, worth=lambda _: 0.5)


def test_every_start_is_raced_from_as_often_as_asked() -> None:
    scores, world = played()
    assert {start: score.races for start, score in scores.items()} == dict.fromkeys(STARTS, 12)
    assert all(0.0 <= score.ends <= 12.0 for score in scores.values())
    assert set(world.conservation().values()) == {0}


def test_nothing_is_refused_and_every_order_is_of_one_lot() -> None:
    _, world = played()
    orders = rows(world, "orders")
    assert {row["result"] for row in orders} == {"ok"}
    assert {row["verb"] for row in orders} == {"limit", "market", "cancel"}
    assert {row["base_raw"] for row in rows(world, "fills")} == {1}
    assert {row["quote_raw"] for row in rows(world, "fills")} == {BID_TICKS, ASK_TICKS}


def test_the_same_seed_gives_the_same_digest_and_another_seed_another() -> None:
    digests = [played(seed)[1].records.digest() for seed in (7, 7, 8)]
    assert digests[0] == digests[1] != digests[2]


def test_states_asked_for_count_from_their_first_visit() -> None:
    asked = frozenset((plain(1, 1), plain(1, 2), plain(2, 1)))
    scores, _ = play_races(
        7, books=3, starts=[plain(2, 2)], rounds=10, rates=SKY_PERFECT, end=rise, worth=lambda _: 0.5, asked=asked
    )
    assert scores[plain(2, 2)].races == 30
    assert all(0 < scores[one].races <= 30 for one in asked)


def test_an_impatient_race_ends_at_what_its_state_is_worth() -> None:
    scores, _ = play_races(
        7, books=2, starts=[plain(5, 5)], rounds=3, rates=SKY_PERFECT, end=rise, worth=lambda _: 0.25, patience=1
    )
    assert scores[plain(5, 5)] == (6, 1.5, 0.0)


def test_the_followed_orders_are_the_quoters_and_leave_after_the_race() -> None:
    scores, world = play_races(
        7, books=3, starts=PLACES, rounds=5, rates=SKY_PERFECT, end=both_executed, worth=lambda _: 0.5, followed=True
    )
    assert {start: score.races for start, score in scores.items()} == dict.fromkeys(PLACES, 15)
    orders = [row for row in rows(world, "orders") if row["sender"] == "quoter"]
    executed = [row for row in rows(world, "fills") if row["maker"] == "quoter"]
    sent = sum(row["verb"] == "limit" for row in orders)
    taken_back = sum(row["verb"] == "cancel" for row in orders)
    assert {row["result"] for row in orders} == {"ok"}
    assert (sent, sent - taken_back) == (60, len(executed))
    assert set(world.conservation().values()) == {0}
