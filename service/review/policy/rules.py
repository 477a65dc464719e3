"""The rules of contact by jurisdiction: what each says, its source, and since when it holds."""

from datetime import date
from typing import Any

from models.intensity.rules.book import EVERYWHERE, JURISDICTIONS
from models.intensity.rules.rule import Duty, Rule
from models.intensity.rules.version import RULES_VERSION
from models.intensity.words.catalogue import Words, told
from models.intensity.words.rules import DUTIES, RULES
from models.intensity.words.rules import JURISDICTIONS as PLACES
from models.score.reasons import Language
from service.review import formats
from service.review.labels.catalogue import LABELS

Row = dict[str, Any]

# Whose debts and contacts a source speaks of, by how the book of rules says it.
_HOLDS_FOR: dict[str, Words] = {
    text: Words(text, chinese)
    for text, chinese in (
        ("debt collectors", "债务催收机构"),
        ("collectors; creditors alike", "催收机构；债权人同样适用"),
        ("creditors and collectors; a bank's own debts too", "债权人与催收机构；包括银行自有债权"),
        (
            "debt collectors (FDCPA); a bank's own debts are generally outside, many banks "
            "adopt it",
            "债务催收机构（FDCPA）；银行自有债权一般不适用，但许多银行自愿采用",
        ),
        ("lenders and agents", "贷款机构及其代理"),
        ("consumer credit", "消费信贷"),
        ("banks' cards", "银行信用卡"),
        ("cards, personal consumer loans", "信用卡、个人消费贷款"),
        ("cards, personal consumer loans; without consent", "信用卡、个人消费贷款；未经同意时"),
        ("internet-lent personal consumer credit", "互联网个人消费信贷"),
        (
            "internet-lent personal consumer credit; unless agreed otherwise",
            "互联网个人消费信贷；另有约定的除外",
        ),
        (
            "internet-lent personal consumer credit; AI calls included",
            "互联网个人消费信贷；包括智能语音外呼",
        ),
        ("every account, in every jurisdiction and stage", "所有账户，不分司法管辖区与逾期阶段"),
        (
            "every account whose dials, as many as the policy names, reached nobody",
            "拨打次数达到策略规定而未联系到任何人的账户",
        ),
    )
}


def rules_view(today: date, advisory: str, language: Language) -> Row:
    """Every rule in words; `advisory` is what the policy does with rules that are not hard."""
    places = {code: told(PLACES, code, language) for code in JURISDICTIONS}
    return {
        "version": RULES_VERSION,
        "applies_advisory": advisory == "apply",
        "places": [
            {
                "code": code,
                "name": places[code],
                "rules": [_row(rule, today, language) for rule in rules],
            }
            for code, rules in JURISDICTIONS.items()
        ]
        + [
            {
                "code": None,
                "name": LABELS["policy_everywhere"].of(language),
                "rules": [_row(rule, today, language) for rule in EVERYWHERE],
            }
        ],
    }


def _row(rule: Rule, today: date, language: Language) -> Row:
    since = rule.effective_from
    return {
        "id": rule.id,
        "says": told(RULES | DUTIES, rule.id, language),
        "holds_for": told(_HOLDS_FOR, rule.holds_for, language),
        "since": None if since is None else formats.day(since, language),
        "later": since is not None and since > today,
        "force": "duty" if isinstance(rule, Duty) else "advisory" if rule.advisory else "hard",
        "confidence": rule.confidence,
        "citation": rule.citation,
    }
