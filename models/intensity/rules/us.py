"""United States: Regulation F."""

from datetime import date

from models.intensity.rules.rule import REACHED, Duty, Frequency, Hours, Rule

_SINCE = date(2021, 11, 30)
_HOLDS_FOR = (
    "debt collectors (FDCPA); a bank's own debts are generally outside, many banks adopt it"
)

RULES: tuple[Rule, ...] = (
    Frequency(
        id="us.reg_f.calls",
        citation="12 CFR 1006.14(b) (Regulation F)",
        confidence="high",
        holds_for=_HOLDS_FOR,
        effective_from=_SINCE,
        advisory=True,  # more is presumed to be harassment: a presumption, not a cap
        counter="dials",
        per="account",
        days=7,
        most=7,
        channels=("call",),
        blocks=("call",),
    ),
    Frequency(
        id="us.reg_f.interval",
        citation="12 CFR 1006.14(b) (Regulation F)",
        confidence="high",
        holds_for=_HOLDS_FOR,
        effective_from=_SINCE,
        advisory=True,
        counter="conversations",
        per="account",
        days=7,  # the day of the conversation is day 1
        most=1,
        channels=("call",),
        blocks=("call",),
        directions=("out", "in"),
        outcomes=REACHED,
    ),
    Hours(
        id="us.reg_f.hours",
        citation="12 CFR 1006.6(b) (Regulation F)",
        confidence="high",
        holds_for=_HOLDS_FOR,
        effective_from=_SINCE,
        start=8,
        end=21,
    ),
    Duty(
        id="us.reg_f.opt_out",
        citation="12 CFR 1006.6 (Regulation F)",
        confidence="high",
        holds_for=_HOLDS_FOR,
        effective_from=_SINCE,
        text="Opting out of text messages and email is honoured.",
    ),
    Duty(
        id="us.reg_f.records",
        citation="12 CFR 1006.100 (Regulation F)",
        confidence="medium",
        holds_for="debt collectors",
        effective_from=_SINCE,
        text="Records are kept until 3 years after the last collection activity.",
    ),
)
