"""Ids and instants of decisions go forward, whatever the clock does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from service.log.ids import Ids
from tests.service.conftest import NOW


def test_ids_of_one_instant_are_unique_and_increase() -> None:
    ids = Ids()
    stamps = [ids.stamp(NOW) for _ in range(10_000)]
    made = [stamp.decision_id for stamp in stamps]
    assert sorted(set(made)) == made
    assert {stamp.decided_at for stamp in stamps} == {NOW}
    assert {(each.version, each.variant) for each in made} == {(7, made[0].variant)}


def test_a_clock_that_is_set_back_takes_neither_ids_nor_instants_back() -> None:
    ids = Ids()
    clock = [0, 5, 3, -3_600, -3_599, 5, 6, 2, 7]
    stamps = [ids.stamp(NOW + timedelta(seconds=seconds)) for seconds in clock]
    made = [stamp.decision_id for stamp in stamps]
    assert sorted(set(made)) == made
    told = [(stamp.decided_at - NOW).total_seconds() for stamp in stamps]
    assert told == [0, 5, 5, 5, 5, 5, 6, 6, 7]


def test_threads_never_share_an_id() -> None:
    ids = Ids()
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: ids.stamp(NOW).decision_id, range(8_000)))
    assert len(set(made)) == 8_000
