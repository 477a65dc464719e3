"""China: the recommended standard, the banking association's guideline and the card measures."""

from datetime import date

from models.intensity.rules.rule import REACHED, Duty, Frequency, Hours, Rule

_STANDARD = "GB/T 45251-2025 (recommended standard)"
_STANDARD_SINCE = date(2025, 2, 28)
_STANDARD_FOR = "internet-lent personal consumer credit"
_GUIDELINE = "China Banking Association guideline (trial)"
_GUIDELINE_SINCE = date(2026, 1, 30)
_GUIDELINE_FOR = "cards, personal consumer loans"
_MEASURES = "card measures, Art. 66, 68"
_MEASURES_FOR = "banks' cards"

RULES: tuple[Rule, ...] = (
    Frequency(
        id="cn.gbt_45251.effective_calls",
        citation=_STANDARD,
        confidence="high",
        holds_for=f"{_STANDARD_FOR}; AI calls included",
        effective_from=_STANDARD_SINCE,
        advisory=True,
        counter="effective_calls",
        per="debtor",
        days=1,
        most=3,
        channels=("call",),
        blocks=("call",),
        outcomes=REACHED,
    ),
    Frequency(
        id="cn.cba.unanswered_dials",
        citation=_GUIDELINE,
        confidence="high",
        holds_for=_GUIDELINE_FOR,
        effective_from=_GUIDELINE_SINCE,
        advisory=True,  # "should not"
        counter="unanswered_dials",
        per="contact_point",
        days=1,
        most=6,
        channels=("call",),
        blocks=("call",),
        outcomes=("no_answer",),
    ),
    Hours(
        id="cn.gbt_45251.hours",
        citation=_STANDARD,
        confidence="high",
        holds_for=f"{_STANDARD_FOR}; unless agreed otherwise",
        effective_from=_STANDARD_SINCE,
        advisory=True,
        start=8,
        end=22,
    ),
    Hours(
        id="cn.cba.hours",
        citation=_GUIDELINE,
        confidence="high",
        holds_for=f"{_GUIDELINE_FOR}; without consent",
        effective_from=_GUIDELINE_SINCE,
        advisory=True,
        start=8,
        end=22,
    ),
    Duty(
        id="cn.gbt_45251.debtor_only",
        citation=_STANDARD,
        confidence="high",
        holds_for=_STANDARD_FOR,
        effective_from=_STANDARD_SINCE,
        advisory=True,
        text="Contact is made with the debtor only.",
    ),
    Duty(
        id="cn.card_measures.persons",
        citation=_MEASURES,
        confidence="medium",
        holds_for=_MEASURES_FOR,
        text="Contact is made with the debtor and the guarantor only.",
    ),
    Duty(
        id="cn.card_measures.records",
        citation=_MEASURES,
        confidence="medium",
        holds_for=_MEASURES_FOR,
        text="Records of contact are kept for at least 2 years.",
    ),
)
