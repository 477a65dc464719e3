"""Admission, by a clock that is moved by hand."""

from contextlib import ExitStack

import pytest

from service.admission import EACH, RECENT_SECONDS, Admission
from service.errors import ProblemError

FREE, SIZE, SECONDS = 3, 1_000_000, 2.0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lane(clock: Clock) -> Admission:
    return Admission(FREE, SIZE, SECONDS, clock)


def answer(lane: Admission, clock: Clock, seconds: float, times: int = 1) -> None:
    """One after the other, each in so many seconds."""
    for _ in range(times):
        with lane.inside(0):
            clock.now += seconds


def refused(lane: Admission) -> str:
    with pytest.raises(ProblemError) as problem, lane.arriving(0):
        pass
    assert problem.value.kind == "overloaded"
    assert problem.value.status == 503
    return problem.value.headers["Retry-After"]


def enter(lane: Admission, stay: ExitStack, times: int) -> None:
    for _ in range(times):
        stay.enter_context(lane.inside(0))


def test_as_many_come_in_as_are_answered_in_time(lane: Admission, clock: Clock) -> None:
    answer(lane, clock, 0.125, 16)  # eight a second
    with ExitStack() as stay:
        enter(lane, stay, 17)  # the last one found 16 inside: two seconds, and no more
        assert refused(lane) == "3"
    with lane.arriving(0):  # they have left
        pass


def test_the_first_few_come_in_however_slow_it_is(lane: Admission, clock: Clock) -> None:
    answer(lane, clock, 60.0)
    with ExitStack() as stay:
        enter(lane, stay, FREE)
        assert refused(lane) == "60"  # and not longer, though it would take 180 seconds


def test_before_anything_was_answered_no_more_than_the_first_few_come_in(
    lane: Admission,
) -> None:
    with ExitStack() as stay:
        enter(lane, stay, FREE)
        assert refused(lane) == "1"


def test_where_nothing_is_answered_any_more_the_speed_falls(lane: Admission, clock: Clock) -> None:
    answer(lane, clock, 0.001, 5_000)
    with ExitStack() as stay:
        enter(lane, stay, FREE + 1)
        clock.now += 400
        assert lane.wait() < SECONDS
        clock.now += 600
        refused(lane)


def test_time_in_which_nobody_was_inside_does_not_count(lane: Admission, clock: Clock) -> None:
    answer(lane, clock, 0.125, 16)
    clock.now += 3_600
    with ExitStack() as stay:
        enter(lane, stay, 8)
        assert lane.wait() == pytest.approx(1.0)


def test_the_speed_is_that_of_late(lane: Admission, clock: Clock) -> None:
    answer(lane, clock, 0.001, int(100 * RECENT_SECONDS))
    answer(lane, clock, 0.5, 40)
    with lane.inside(0):
        assert lane.wait() == pytest.approx(0.5, rel=0.05)


def test_a_large_body_is_as_many_small_ones(lane: Admission, clock: Clock) -> None:
    answer(lane, clock, 0.125, 16)
    with lane.inside(7 * EACH):
        assert lane.wait() == pytest.approx(1.0)


def test_bodies_that_arrive_are_bounded_in_bytes(lane: Admission) -> None:
    with lane.arriving(SIZE - 10):
        with lane.arriving(10):
            pass
        with pytest.raises(ProblemError, match="overloaded"), lane.arriving(11):
            pass
    with lane.arriving(SIZE):
        pass
