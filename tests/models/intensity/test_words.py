"""Words: everything that a decision may hold has a name in both languages."""

import re
from typing import get_args

import pytest

from features.tables import CHANNELS
from models.intensity import words
from models.intensity.choose import STAGE_HIGHEST, STAGE_LOWEST
from models.intensity.ladder import LEVEL_NAMES, Treatment
from models.intensity.rules.holds import HOLDS
from models.intensity.rules.protections import PROTECTIONS, VISIT_APPOINTMENT


def test_every_code_has_its_words_and_no_word_is_left_over() -> None:
    rules = {*PROTECTIONS, *(hold.id for hold in HOLDS), VISIT_APPOINTMENT.id}
    assert set(words.RULES) == rules | {STAGE_LOWEST, STAGE_HIGHEST}
    assert tuple(words.LEVELS) == LEVEL_NAMES
    assert set(words.TREATMENTS) == set(get_args(Treatment))
    assert tuple(words.CHANNEL_NAMES) == CHANNELS


def test_each_is_said_in_its_own_language() -> None:
    catalogues = (words.RULES, words.LEVELS, words.TREATMENTS, words.CHANNEL_NAMES)
    for said in (said for catalogue in catalogues for said in catalogue.values()):
        assert said.of("en").isascii()
        assert re.search("[\u4e00-\u9fff]", said.of("zh"))


def test_the_caps_that_the_sentences_name_are_those_of_the_rules() -> None:
    for rule in (*PROTECTIONS.values(), *HOLDS):
        said = words.RULES[rule.id]
        assert ("no contact" in said.en) == (rule.cap == 0)
        assert ("不得联系" in said.zh) == (rule.cap == 0)
        assert ("at most a reminder" in said.en) == (rule.cap == 1)
        assert ("最多提醒" in said.zh) == (rule.cap == 1)
        assert ("hardship review" in said.en) == (rule.treatment == "hardship_review")


def test_a_code_is_told_in_words_or_as_it_is() -> None:
    assert words.told(words.LEVELS, "call", "zh") == "电话联系"
    assert words.told(words.RULES, "a_rule_of_old", "en") == "a_rule_of_old"


def test_what_was_taken_away_is_told() -> None:
    told = "level lowered from 3 (intensive contact) to 0 (no contact)"
    assert words.took_away("level:3->0", "en") == told
    assert words.took_away("level:3->0", "zh") == "级别由 3（加强联系）降为 0（不联系）"
    assert words.took_away("channel:visit", "en") == "channel taken away: visit"
    assert words.took_away("channel:visit", "zh") == "取消渠道：上门"


@pytest.mark.parametrize("code", ["", "level:3", "level:5->0", "level:²->0", "channel:fax", "x:1"])
def test_another_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="not a code"):
        words.took_away(code, "en")
