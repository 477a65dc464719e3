"""Every counted rule walked across its boundaries: number, days, midnight, clocks, kinds, accounts.

The numbers stand here a second time, as the sources give them: a rule changed by mistake fails.
"""

from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from models.intensity.rules.book import COUNTED
from tests.models.intensity.rules.walked import Met, counted

Kind = dict[str, str]


def kind(channel: str, outcome: str = "no_answer", direction: str = "out", **more: str) -> Kind:
    return {"channel": channel, "outcome": outcome, "direction": direction, **more}


class Walk(NamedTuple):
    """A rule's numbers, kinds of contact that count (the first is walked), and that do not."""

    rule: str
    most: int
    days: int
    counts: tuple[Kind, ...]
    passed_over: tuple[Kind, ...]
    others_count: bool = False


DIAL, TALK = kind("call"), kind("call", "conversation")
AGREED, REFUSED = kind("call", "promise"), kind("call", "refused")
WRONG, RUNG = kind("call", "wrong_party"), kind("call", "conversation", "in")
TEXT, LETTER, VISIT = kind("sms", "sent"), kind("letter", "sent"), kind("visit")
HOME, WORK = kind("call", place="home"), kind("call", place="work")
ELSEWHERE = kind("sms", "sent", place="other")

WALKS = (
    Walk("us.reg_f.calls", 7, 7, (DIAL, TALK, WRONG, WORK), (RUNG, TEXT, LETTER, VISIT)),
    Walk(
        "us.reg_f.interval",
        1,
        7,
        (TALK, RUNG, AGREED, REFUSED),
        (DIAL, WRONG, TEXT, kind("visit", "conversation"), kind("sms", "promise", "in")),
    ),
    Walk(
        "us_ny_nyc.dcwp.contacts",
        3,
        7,
        (TEXT, DIAL, LETTER, VISIT, kind("agency", "sent"), kind("email", "sent"), TALK),
        (RUNG, kind("sms", "sent", "in")),
    ),
    Walk(
        "us_ma.cmr.calls_and_texts",
        2,
        7,
        (DIAL, TEXT, HOME, TALK),
        (WORK, ELSEWHERE, LETTER, VISIT, RUNG),
    ),
    Walk("us_ma.cmr.elsewhere", 2, 30, (WORK, ELSEWHERE), (DIAL, HOME, TEXT, VISIT)),
    Walk("us_ma.cmr.visits", 1, 30, (VISIT, kind("visit", "conversation")), (DIAL, LETTER)),
    Walk(
        "cn.gbt_45251.effective_calls",
        3,
        1,
        (TALK, AGREED, REFUSED),
        (DIAL, WRONG, RUNG, kind("visit", "conversation")),
        others_count=True,
    ),
    Walk(
        "cn.cba.unanswered_dials",
        6,
        1,
        (DIAL, WORK),
        (TALK, WRONG, TEXT, kind("call", "no_answer", "in")),
        others_count=True,
    ),
)
EACH = pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.rule)
ZONES = pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai", "Asia/Kolkata"])

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def at(day: date, zone: str = "America/New_York", hour: int = 12, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone))


def same(kind_of_contact: Kind, n: int, when: datetime) -> list[Met]:
    """n such contacts, a second apart, the last at that instant."""
    return [(when - k * SECOND, kind_of_contact) for k in range(n)]


NOON = at(date(2026, 6, 17))


def test_every_counted_rule_is_walked() -> None:
    assert [walk.rule for walk in WALKS] == [rule.id for rule in COUNTED]


@EACH
def test_one_below_at_and_one_above(walk: Walk) -> None:
    for n in (walk.most - 1, walk.most, walk.most + 1):
        found = counted(walk.rule, NOON, same(walk.counts[0], n, NOON - SECOND))
        free = NOON.date() if n < walk.most else NOON.date() + walk.days * DAY
        assert found == (n, free)


@EACH
@ZONES
def test_last_day_of_the_window_and_the_day_after(walk: Walk, zone: str) -> None:
    first = date(2026, 6, 1)
    contacts = same(walk.counts[0], walk.most, at(first, zone, 23, 59))
    after = at(first + walk.days * DAY, zone, 0)
    before = after.astimezone(ZoneInfo("UTC")) - SECOND
    last = counted(walk.rule, before.astimezone(ZoneInfo(zone)), contacts)
    assert last == (walk.most, after.date())
    assert counted(walk.rule, after, contacts) == (0, after.date())


@EACH
@ZONES
def test_midnight_at_the_debtors_place(walk: Walk, zone: str) -> None:
    """A contact at 23:59:59 is a day older than one at 00:00."""
    midnight = at(date(2026, 6, 10), zone, 0)
    as_of = at(date(2026, 6, 10), zone, 1)
    late = counted(walk.rule, as_of, same(walk.counts[0], walk.most, midnight - SECOND))
    early = counted(walk.rule, as_of, [(midnight, walk.counts[0])] * walk.most)
    assert early == (walk.most, date(2026, 6, 10) + walk.days * DAY)
    used = walk.most if walk.days > 1 else 0
    assert late == (used, date(2026, 6, 9) + walk.days * DAY)


@EACH
@pytest.mark.parametrize("change", [date(2026, 3, 8), date(2026, 11, 1)])
def test_clocks_changing_inside_the_window_move_no_day(walk: Walk, change: date) -> None:
    """7 days are calendar days: an hour less in March, an hour more in November."""
    first = change - (walk.days // 2) * DAY
    after = first + walk.days * DAY
    for hour, minute in ((0, 30), (23, 30)):
        contacts = [(at(first, hour=hour, minute=minute), walk.counts[0])] * walk.most
        last = at(after - DAY, hour=23, minute=59)
        assert counted(walk.rule, last, contacts) == (walk.most, after)
        assert counted(walk.rule, at(after, hour=0), contacts) == (0, after)


@EACH
def test_free_day_follows_the_newest_that_are_one_too_many(walk: Walk) -> None:
    """One contact a day: with `most` of them in the window, the oldest of these has to leave."""
    n = min(walk.most, walk.days)
    contacts = [(NOON - k * DAY, walk.counts[0]) for k in range(n)]
    contacts += same(walk.counts[0], walk.most - n, NOON - SECOND)
    oldest = NOON.date() - (n - 1) * DAY
    assert counted(walk.rule, NOON, contacts) == (walk.most, oldest + walk.days * DAY)
    older = [(NOON - walk.days * DAY, walk.counts[0])]
    assert counted(walk.rule, NOON, older + contacts[1:]).used == walk.most - 1


@EACH
def test_what_counts_and_what_is_passed_over(walk: Walk) -> None:
    before = NOON - SECOND
    for each in walk.counts:
        assert counted(walk.rule, NOON, [(before, each)]).used == 1
    found = counted(walk.rule, NOON, [(before, each) for each in walk.passed_over * 9])
    assert found == (0, NOON.date())


@EACH
def test_contacts_on_the_debtors_other_accounts(walk: Walk) -> None:
    own = same(walk.counts[0], walk.most - 1, NOON - 9 * SECOND)
    other = same(walk.counts[0], 1, NOON - SECOND)
    found = counted(walk.rule, NOON, own, other)
    if walk.others_count:
        assert found == (walk.most, NOON.date() + walk.days * DAY)
    else:
        assert found == (walk.most - 1, NOON.date())


@EACH
def test_what_is_not_known_yet_does_not_count(walk: Walk) -> None:
    contacts = [(NOON, walk.counts[0]), (NOON + SECOND, walk.counts[0])]
    assert counted(walk.rule, NOON, contacts, contacts).used == (2 if walk.others_count else 1)


def dialled(point: str | None, n: int, when: datetime = NOON) -> list[Met]:
    more = {} if point is None else {"contact_point_id": point}
    return same(kind("call", **more), n, when - SECOND)


def test_each_contact_point_has_a_count_of_its_own() -> None:
    rule, tomorrow = "cn.cba.unanswered_dials", NOON.date() + DAY
    assert counted(rule, NOON, dialled("a", 5) + dialled("b", 5)) == (5, NOON.date())
    assert counted(rule, NOON, dialled("a", 5) + dialled("b", 6)) == (6, tomorrow)
    assert counted(rule, NOON, dialled("a", 8) + dialled("b", 6)) == (8, tomorrow)


def test_contacts_without_a_point_count_as_one_point() -> None:
    rule, tomorrow = "cn.cba.unanswered_dials", NOON.date() + DAY
    assert counted(rule, NOON, dialled(None, 5) + dialled("a", 5)) == (5, NOON.date())
    assert counted(rule, NOON, dialled(None, 6) + dialled("a", 1)) == (6, tomorrow)


def test_a_point_is_the_same_on_the_debtors_other_accounts() -> None:
    rule, tomorrow = "cn.cba.unanswered_dials", NOON.date() + DAY
    assert counted(rule, NOON, dialled("a", 3), dialled("a", 3)) == (6, tomorrow)
    assert counted(rule, NOON, dialled("a", 3), dialled("b", 3)) == (3, NOON.date())
