"""Words: everything that a decision may hold has a name in both languages."""

import re
from collections.abc import Mapping
from typing import get_args

import pytest

from features.tables import CHANNELS
from models.intensity.ladder import LEVEL_NAMES, RESOURCES, Treatment
from models.intensity.rules.book import EVERYWHERE, JURISDICTIONS, RULES
from models.intensity.rules.rule import Cap, Counter, Duty, Frequency, Hours, Per
from models.intensity.rules.unknown import STRICTEST
from models.intensity.settle import CAPACITY, STAGE_HIGHEST, STAGE_LOWEST
from models.intensity.treatment import BECAUSE
from models.intensity.words import effects, limits, names, rules, treatments
from models.intensity.words.catalogue import Words, told

CATALOGUES: dict[str, Mapping[str, Words]] = {
    "levels": names.LEVELS,
    "channels": names.CHANNEL_NAMES,
    "resources": names.RESOURCE_NAMES,
    "amounts": names.AMOUNTS,
    "treatments": treatments.TREATMENTS,
    "because": treatments.BECAUSE,
    "rules": rules.RULES,
    "jurisdictions": rules.JURISDICTIONS,
    "assumed": effects.ASSUMED,
    "counters": limits.COUNTERS,
    "per": limits.PER,
}


def test_every_code_has_its_words_and_no_word_is_left_over() -> None:
    # A duty takes nothing away and counts nothing, so that no decision names it.
    named = {rule.id for rule in RULES if not isinstance(rule, Duty)}
    assert set(rules.RULES) == named | {STAGE_LOWEST, STAGE_HIGHEST, CAPACITY}
    assert set(rules.JURISDICTIONS) == set(JURISDICTIONS) | {STRICTEST}
    assert tuple(names.LEVELS) == LEVEL_NAMES
    assert tuple(names.CHANNEL_NAMES) == CHANNELS
    assert tuple(names.RESOURCE_NAMES) == RESOURCES
    assert set(treatments.TREATMENTS) == set(get_args(Treatment))
    assert set(treatments.BECAUSE) == set(BECAUSE)
    assert set(limits.COUNTERS) == set(get_args(Counter))
    assert set(limits.PER) == set(get_args(Per))


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=list(CATALOGUES))
def test_each_is_said_in_its_own_language(catalogue: Mapping[str, Words]) -> None:
    for said in catalogue.values():
        assert said.of("en").isascii()
        assert re.search("[\u4e00-\u9fff]", said.of("zh"))


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=list(CATALOGUES))
def test_no_two_codes_are_said_alike(catalogue: Mapping[str, Words]) -> None:
    for language in (0, 1):
        assert len({said[language] for said in catalogue.values()}) == len(catalogue)


def test_the_caps_that_the_sentences_name_are_those_of_the_rules() -> None:
    for rule in EVERYWHERE:
        said = rules.RULES[rule.id]
        assert ("no contact" in said.en) == (rule.cap == 0)
        assert ("不得联系" in said.zh) == (rule.cap == 0)
        assert ("at most a reminder" in said.en) == (rule.cap == 1)
        assert ("最多提醒" in said.zh) == (rule.cap == 1)
        assert ("hardship review" in said.en) == (rule.treatment == "hardship_review")


def test_the_numbers_that_the_sentences_name_are_those_of_the_rules() -> None:
    counted = [rule for rule in RULES if not isinstance(rule, Cap | Duty)]
    assert len(counted) == 13
    for rule in counted:
        for sentence in rules.RULES[rule.id]:
            found = {int(number) for number in re.findall(r"\d+", sentence.replace(":00", ""))}
            assert found == _numbers(rule), sentence


def _numbers(rule: object) -> set[int]:
    """The numbers of a rule; of a day no number is told, nor that one conversation is one."""
    if isinstance(rule, Hours):
        return {int(rule.start), int(rule.end)}
    assert isinstance(rule, Frequency)
    most = set() if rule.counter == "conversations" else {rule.most}
    return most | ({rule.days} if rule.days > 1 else set())


def test_a_code_is_told_in_words_or_as_it_is() -> None:
    assert told(names.LEVELS, "call", "zh") == "电话联系"
    assert told(rules.RULES, "a_rule_of_old", "en") == "a_rule_of_old"
