"""The choices that the queue's filters leave, and those that were made, in words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, get_args

from models.decision import Status
from models.intensity.ladder import LEVEL_NAMES, LEVELS, Treatment
from models.intensity.words.catalogue import Words, told
from models.intensity.words.names import LEVELS as LEVEL_WORDS
from models.intensity.words.names import TREATMENT_NAMES
from models.intensity.words.rules import RULES
from models.score.reasons import Language
from models.score.tier import TIERS
from models.stage import STAGES
from service.log.generations import Decider
from service.log.ordered import Order
from service.review import formats
from service.review.labels.catalogue import LABELS
from service.review.queue.filters import ANY, CHOSEN, SIZE, SIZES, Asking, Filters
from service.review.queue.listed import DIGITS


class Choice(NamedTuple):
    """What can be chosen: the parameter's value, what it is called, and whether it is."""

    value: str
    words: str
    chosen: bool


class Applied(NamedTuple):
    """A filter that is applied: its label, what it asks for, and the address without it."""

    label: str
    words: str
    without: str


def choices(
    filters: Filters, sent: Mapping[str, str], deciders: Sequence[Decider], language: Language
) -> dict[str, list[Choice]]:
    """The choices of each filter that has some; the first is to leave it out."""
    every = _label("queue_any", language)
    standing = every if filters.account_id is not None else _label("queue_standing", language)
    found = {}
    for name, words in _words(deciders, language).items():
        given = sent.get(name)
        if name in filters.values and given is not None and given not in words:
            words |= {given: given}  # what no choice tells of any more can still be looked for
        first = Choice("", standing if name == "status" else every, given is None)
        rest = [Choice(value, told, given == value) for value, told in words.items()]
        found[name] = [first, *rest]
    found["sort"] = [
        Choice(order, _label(f"queue_sort_{order}", language), order == filters.sort)
        for order in get_args(Order)
    ]
    size = filters.values.get("size", SIZE)
    found["size"] = [Choice(str(each), str(each), each == size) for each in SIZES]
    return found


def applied(wanted: Asking, deciders: Sequence[Decider], language: Language) -> list[Applied]:
    """The filters that are applied, each with the way to be rid of it."""
    words = _words(deciders, language)
    return [
        Applied(
            _label(f"queue_{name}", language),
            _shown(name, wanted, words, language),
            wanted.without(name),
        )
        for name in CHOSEN
        if name in wanted.values
    ]


def _shown(
    name: str, wanted: Asking, words: Mapping[str, Mapping[str, str]], language: Language
) -> str:
    if name in ("from", "until"):
        return formats.day(wanted.values[name], language)
    sent = wanted.sent[name]
    return words[name].get(sent, sent)


def _words(deciders: Sequence[Decider], language: Language) -> dict[str, dict[str, str]]:
    """What each value of each filter is called, by the filters' names."""

    def named(codes: Iterable[str], catalogue: Mapping[str, Words]) -> dict[str, str]:
        return {code: told(catalogue, code, language) for code in codes}

    statuses = named(get_args(Status), LABELS) | {ANY: _label("queue_every_status", language)}
    levels = {
        str(level): f"{level} · {LEVEL_WORDS[LEVEL_NAMES[level]].of(language)}" for level in LEVELS
    }
    return {
        "stage": {stage: stage for stage in STAGES},
        "tier": named(TIERS, LABELS),
        "level": levels,
        "treatment": named(get_args(Treatment), TREATMENT_NAMES),
        "rule": {code: f"{words.of(language)} ({code})" for code, words in RULES.items()},
        "status": statuses,
        "model": {each.sha256: f"{each.name} · {each.sha256[:DIGITS]}" for each in deciders},
    }


def _label(name: str, language: Language) -> str:
    return LABELS[name].of(language)
