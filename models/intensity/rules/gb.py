"""United Kingdom: CONC 7 sets duties and no number; the hours are our own."""

from models.intensity.rules.rule import Duty, Hours, Rule

_HOLDS_FOR = "consumer credit"

RULES: tuple[Rule, ...] = (
    Duty(
        id="gb.conc_7.times",
        citation="FCA CONC 7",
        confidence="high",
        holds_for=_HOLDS_FOR,
        text="No contact is made at unreasonable times; no hour is named.",
    ),
    # Without it, a night's decision would allow a call at three in the morning.
    Hours(
        id="gb.own.hours",
        citation="curescore: hours that are not unreasonable (FCA CONC 7 names none)",
        confidence="own",
        holds_for=_HOLDS_FOR,
        advisory=True,
        start=8,
        end=21,
    ),
    Duty(
        id="gb.conc_7.requests",
        citation="FCA CONC 7",
        confidence="high",
        holds_for=_HOLDS_FOR,
        text="Reasonable requests about when and how to be contacted are honoured.",
    ),
    Duty(
        id="gb.conc_7.vulnerable",
        citation="FCA CONC 7.2.1R",
        confidence="high",
        holds_for=_HOLDS_FOR,
        text="There are policies for customers in default and for vulnerable ones.",
    ),
)
