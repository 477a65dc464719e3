"""What a supposed change moves: two decisions beside each other, and the reasons that moved."""

from datetime import datetime
from typing import Any, NamedTuple

from models.decision import Decision, Reason
from models.intensity.words.catalogue import told
from models.intensity.words.names import CHANNEL_NAMES, level_told
from models.score.reasons import Language, fact, formatted
from service.log.records import Record, decided, shown
from service.review import formats
from service.review.bars import Bar, bars
from service.review.decision.level import level_view
from service.review.labels.catalogue import LABELS

MOVED = 8  # reasons, those that moved most
_UNITS = 10_000  # a share is shown with four decimals

Row = dict[str, Any]


class Line(NamedTuple):
    """One thing of both decisions in words, and how it moved: up, down, changed or same."""

    label: str
    before: str
    after: str
    way: str
    moved: str


class Share(NamedTuple):
    """What a reason adds to the log-odds in both decisions; `adds` is their difference."""

    text: str
    value_before: str
    value_after: str
    before: float
    after: float
    adds: float
    bar: Bar


class Shares(NamedTuple):
    """The reasons that moved most, and all that is left, so that each column adds up."""

    rows: list[Share]
    left: int  # how many others there are
    base: float
    others: tuple[float, float, float]
    total: tuple[float, float, float]


def lines(before: Decision, after: Decision, language: Language) -> list[Line]:
    """Both decisions, thing by thing, but for the level, which stands apart."""

    def label(name: str) -> str:
        return LABELS[name].of(language)

    def changed(name: str, was: str, now: str) -> Line:
        way = "same" if was == now else "changed"
        return Line(label(name), was, now, way, label(f"what_if_{way}"))

    one, two = _side(before, language), _side(after, language)
    return [
        _probability(before, after, language),
        changed("stage", before.score.stage, after.score.stage),
        changed("tier", label(before.score.tier), label(after.score.tier)),
        changed("what_if_set_by", one["set_by"], two["set_by"]),
        changed("what_if_treatment", one["treatment"], two["treatment"]),
        _channels(before, after, one["channels"], two["channels"], language),
        _earliest(before, after, language),
        _net(before, after, language),
    ]


def level_line(before: Decision, after: Decision, language: Language) -> Row:
    """Both levels with their names, and the way from one to the other."""
    was, now = before.intensity, after.intensity
    way = "same" if was.level == now.level else "up" if now.level > was.level else "down"
    return {
        "before": level_told(was.level, language),
        "after": level_told(now.level, language),
        "way": way,
        "moved": LABELS[f"what_if_level_{way}"].of(language),
        "proposed": now.needs_approval and not was.needs_approval,
        "left_plan": was.planned and not now.planned,
        "drawn": now.arm == "explore",
    }


def rules_moved(before: Decision, after: Decision, language: Language) -> Row:
    """The rules that bind only one of both decisions, and those that bind both."""
    was, now = before.intensity.binding_rules, after.intensity.binding_rules
    told_was, told_now = (_side(each, language)["rules"] for each in (before, after))
    return {
        "added": [row for rule, row in zip(now, told_now, strict=True) if rule not in was],
        "removed": [row for rule, row in zip(was, told_was, strict=True) if rule not in now],
        "kept": [row for rule, row in zip(now, told_now, strict=True) if rule in was],
    }


def limits_moved(before: Decision, after: Decision, language: Language) -> list[Row]:
    """What the rules count in either decision; None in the one that has no such limit."""
    sides = [_side(each, language)["limits"] for each in (before, after)]
    by_rule = [{(each["rule"], each["counted"]): each for each in limits} for limits in sides]
    places = list(by_rule[0] | by_rule[1])
    return [
        {
            "rule": rule,
            "counted": counted,
            "before": by_rule[0].get((rule, counted)),
            "after": by_rule[1].get((rule, counted)),
        }
        for rule, counted in places
    ]


def shares(before: Decision, after: Decision, language: Language) -> Shares | None:
    """The reasons that moved most, as what is shown adds up; None between two models."""
    if before.score.target != after.score.target:
        return None
    was = {reason.feature: reason for reason in before.reasons}
    now = {reason.feature: reason for reason in after.reasons}
    pairs = [(was.get(name), now.get(name)) for name in list(was | now)]
    pairs.sort(key=lambda pair: -abs(_units_of(pair[1]) - _units_of(pair[0])))
    most = [pair for pair in pairs[:MOVED] if _units_of(pair[0]) != _units_of(pair[1])]
    drawn = bars([float(_units_of(new) - _units_of(old)) for old, new in most])
    rows = [
        _share(old, new, bar, before.currency, language)
        for (old, new), bar in zip(most, drawn, strict=True)
    ]
    totals = [round(each.score.log_odds * _UNITS) for each in (before, after)]
    base = round(before.score.base_log_odds * _UNITS)
    left = [totals[side] - base - sum(_units_of(pair[side]) for pair in most) for side in (0, 1)]
    return Shares(rows, len(pairs) - len(most), base / _UNITS, _three(left), _three(totals))


def _side(decision: Decision, language: Language) -> Row:
    """What the decision page tells of the treatment, the channels and the rules."""
    part: Record = {**decided(decision), "currency": decision.currency}
    by_nobody = {"versions": decision.versions, "override_reason": None}
    whole = shown(part | by_nobody, 0, language)
    level = level_view(whole, language)
    return {
        "treatment": whole["intensity"]["treatment_text"],
        "set_by": level["set_by"],
        "channels": level["channels"] or LABELS["no_channels"].of(language),
        "limits": level["limits"],
        "rules": level["rules"],
    }


def _probability(before: Decision, after: Decision, language: Language) -> Line:
    was, now = before.score, after.score
    label = LABELS["probability"].of(language)
    one, two = (formats.percent(each.probability, language) for each in (was, now))
    if was.target != now.target:
        return Line(label, one, two, "changed", LABELS["what_if_other_target"].of(language))
    # Of the numbers as they are shown, so that they add up.
    rise = (round(100 * now.probability, 1) - round(100 * was.probability, 1)) / 100
    way = "same" if rise == 0 else "up" if rise > 0 else "down"
    moved = LABELS["what_if_points"].of(language).format(points=formats.points(rise, language))
    return Line(label, one, two, way, moved)


def _channels(before: Decision, after: Decision, was: str, now: str, language: Language) -> Line:
    old, new = before.intensity.channels, after.intensity.channels
    told_ways = [
        LABELS[name].of(language).format(channel=told(CHANNEL_NAMES, code, language))
        for name, codes in (
            ("what_if_channel_added", [code for code in new if code not in old]),
            ("what_if_channel_removed", [code for code in old if code not in new]),
        )
        for code in codes
    ]
    stop = ", " if language == "en" else "，"
    label, same = LABELS["channels"].of(language), LABELS["what_if_same"].of(language)
    way = "changed" if told_ways else "same"
    return Line(label, was, now, way, stop.join(told_ways) or same)


def _earliest(before: Decision, after: Decision, language: Language) -> Line:
    was, now = (each.intensity.earliest_contact_at for each in (before, after))
    label = LABELS["what_if_earliest"].of(language)
    one, two = (formats.instant(each, language) for each in (was, now))
    if was is None or now is None or was == now:
        way = "same" if was == now else "changed"
    else:
        later = datetime.fromisoformat(now) > datetime.fromisoformat(was)
        way = "later" if later else "earlier"
    return Line(label, one, two, way, LABELS[f"what_if_{way}"].of(language))


def _net(before: Decision, after: Decision, language: Language) -> Line:
    was, now = (each.intensity.levels[each.intensity.level].net for each in (before, after))
    one, two = (formats.money(each, language, before.currency) for each in (was, now))
    rise = round(now, 2) - round(was, 2)
    way = "same" if rise == 0 else "up" if rise > 0 else "down"
    sign = "+" if rise > 0 else ""
    moved = f"{sign}{formats.money(rise, language, before.currency)}"
    return Line(LABELS["what_if_net"].of(language), one, two, way, moved)


def _units_of(reason: Reason | None) -> int:
    return 0 if reason is None else round(reason.contribution * _UNITS)


def _three(pair: list[int]) -> tuple[float, float, float]:
    was, now = pair
    return was / _UNITS, now / _UNITS, (now - was) / _UNITS


def _share(
    old: Reason | None, new: Reason | None, bar: Bar, currency: str, language: Language
) -> Share:
    one, two, known = _units_of(old), _units_of(new), new or old
    assert known is not None
    was, now = (
        formatted(None if each is None else each.value, known.unit, currency, language)
        for each in (old, new)
    )
    stands = fact(known.feature, None if new is None else new.value, known.unit, currency, language)
    how = "what_if_was" if was != now else "what_if_as_before"
    way = "what_if_raises" if two > one else "what_if_lowers"
    text = LABELS[how].of(language).format(fact=stands, was=was) + LABELS[way].of(language)
    return Share(text, was, now, *_three([one, two]), bar)
