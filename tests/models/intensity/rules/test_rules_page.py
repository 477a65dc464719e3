from pathlib import Path

import pytest

from models.intensity.rules.book import RULES
from models.intensity.rules.page import rules_page, says
from models.intensity.rules.rule import Rule

PAGE = Path(__file__).resolve().parents[4] / "docs" / "rules.md"


def test_page_is_what_the_rules_say() -> None:
    remedy = "run curescore policy rules --markdown > docs/rules.md"
    assert PAGE.read_text(encoding="utf-8") == rules_page(), remedy


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_page_tells_every_rule_with_its_source(rule: Rule) -> None:
    (row,) = [line for line in rules_page().splitlines() if line.startswith(f"| `{rule.id}` ")]
    assert row.count("|") == 8
    for told in (says(rule), rule.citation, rule.holds_for, rule.confidence):
        assert told
        assert told in row
    assert ("advisory" in row) == rule.advisory
    assert rule.effective_from is None or rule.effective_from.isoformat() in row


def test_a_rule_is_told_with_its_numbers() -> None:
    told = {rule.id: says(rule) for rule in RULES}
    assert told["us.reg_f.calls"] == (
        "dials: at most 7 in 7 days per account (call; out); closes call"
    )
    assert told["cn.cba.unanswered_dials"] == (
        "unanswered dials: at most 6 a day per contact point (call; out; outcome no_answer); "
        "closes call"
    )
    assert told["us_ma.cmr.elsewhere"].endswith("place work, other); closes nothing: it is told")
    assert told["in.rbi.hours"].startswith("from 8:00 until before 19:00 only: sms, ")
    assert told["hardship"] == "level at most 1 (remind); treatment hardship_review"
