"""The reference's features of days past due: the families delinquency and rolls."""

from collections.abc import Sequence
from itertools import pairwise

from tests.features.reference_known import Known, feature, trend
from tests.features.reference_numbers import Value, difference, highest, mean, share
from tests.features.reference_rows import StatementRow

Step = tuple[StatementRow, StatementRow]


def steps(statements: Sequence[StatementRow]) -> list[Step]:
    return list(pairwise(statements))


def is_cure(step: Step) -> bool:
    return step[0].late and not step[1].late


def leading_late(statements: Sequence[StatementRow]) -> int:
    """How many statements of the row are late before the first current one."""
    count = 0
    for statement in statements:
        if not statement.late:
            break
        count += 1
    return count


def dpd_back(known: Known, back: int) -> Value:
    statement = known.before_last(back)
    return None if statement is None else statement.dpd


def dpds(known: Known, months: int) -> list[float]:
    return [s.dpd for s in known.in_months(months)]


def late_share(known: Known, months: int) -> Value:
    return share([s.late for s in known.in_months(months)])


def cures(known: Known, months: int) -> Value:
    if len(known.statements) < 2:
        return None
    return sum(is_cure(step) for step in steps(known.in_months(months)))


def before_present_run(known: Known) -> list[StatementRow]:
    """The known statements without the present run of late ones."""
    run = leading_late(known.statements[::-1])
    return list(known.statements[: len(known.statements) - run])


@feature
def dpd_last(known: Known) -> Value:
    return known.last.dpd


@feature
def dpd_previous(known: Known) -> Value:
    return dpd_back(known, 1)


@feature
def dpd_before_previous(known: Known) -> Value:
    return dpd_back(known, 2)


@feature
def dpd_change(known: Known) -> Value:
    return difference(dpd_back(known, 0), dpd_back(known, 1))


@feature
def dpd_acceleration(known: Known) -> Value:
    return difference(dpd_change(known), difference(dpd_back(known, 1), dpd_back(known, 2)))


@feature
def dpd_highest_3(known: Known) -> Value:
    return highest(dpds(known, 3))


@feature
def dpd_highest_6(known: Known) -> Value:
    return highest(dpds(known, 6))


@feature
def dpd_highest_12(known: Known) -> Value:
    return highest(dpds(known, 12))


@feature
def dpd_highest_24(known: Known) -> Value:
    return highest(dpds(known, 24))


@feature
def dpd_mean_3(known: Known) -> Value:
    return mean(dpds(known, 3))


@feature
def dpd_mean_6(known: Known) -> Value:
    return mean(dpds(known, 6))


@feature
def dpd_mean_12(known: Known) -> Value:
    return mean(dpds(known, 12))


@feature
def dpd_trend_6(known: Known) -> Value:
    return trend(known.in_months(6), dpds(known, 6))


@feature
def dpd_trend_12(known: Known) -> Value:
    return trend(known.in_months(12), dpds(known, 12))


@feature
def late_share_3(known: Known) -> Value:
    return late_share(known, 3)


@feature
def late_share_6(known: Known) -> Value:
    return late_share(known, 6)


@feature
def late_share_12(known: Known) -> Value:
    return late_share(known, 12)


@feature
def late_share_24(known: Known) -> Value:
    return late_share(known, 24)


@feature
def over_30_share_12(known: Known) -> Value:
    return share([dpd > 30 for dpd in dpds(known, 12)])


@feature
def late_streak(known: Known) -> Value:
    return leading_late(known.statements[::-1])


@feature
def longest_late_streak_24(known: Known) -> Value:
    within = known.in_months(24)
    return max(leading_late(within[start:]) for start in range(len(within)))


@feature
def current_streak(known: Known) -> Value:
    rest = before_present_run(known)
    if not rest:
        return None
    count = 0
    for statement in reversed(rest):
        if statement.late:
            break
        count += 1
    return count


@feature
def late_before_24(known: Known) -> Value:
    rest = before_present_run(known)
    if not rest:
        return None
    within = known.in_months(24)
    return sum(s.late for s in rest if s in within)


@feature
def months_since_current(known: Known) -> Value:
    current = [s for s in known.statements if not s.late]
    return known.months_since(current[-1]) if current else None


@feature
def months_since_worst_12(known: Known) -> Value:
    worst = [s for s in known.in_months(12) if s.dpd == dpd_highest_12(known)]
    return known.months_since(worst[-1])


@feature
def months_since_over_30(known: Known) -> Value:
    over = [s for s in known.statements if s.dpd > 30]
    return known.months_since(over[-1]) if over else None


@feature
def own_cure_share(known: Known) -> Value:
    """An earlier late statement is one before the last: of the last, none knows what follows."""
    return share([is_cure(step) for step in steps(known.statements) if step[0].late])


@feature
def cures_12(known: Known) -> Value:
    return cures(known, 12)


@feature
def cures_24(known: Known) -> Value:
    return cures(known, 24)


@feature
def months_since_cure(known: Known) -> Value:
    cured = [step[1] for step in steps(known.statements) if is_cure(step)]
    return known.months_since(cured[-1]) if cured else None


@feature
def late_run_mean_24(known: Known) -> Value:
    """The runs begin anew where the window begins."""
    within = known.in_months(24)
    cured = [i for i, step in enumerate(steps(within)) if is_cure(step)]
    return mean([leading_late(within[i::-1]) for i in cured])


@feature
def roll_forward_share_6(known: Known) -> Value:
    return share([new.dpd > old.dpd for old, new in steps(known.in_months(6))])


@feature
def roll_back_share_12(known: Known) -> Value:
    return share([new.dpd < old.dpd for old, new in steps(known.in_months(12))])


@feature
def was_restructured_24(known: Known) -> Value:
    return any(s.status == "restructured" for s in known.in_months(24))
