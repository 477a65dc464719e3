"""Massachusetts: calls, texts and visits."""

from models.intensity.rules.rule import UNKNOWN_PLACE, Frequency, Rule

_CITATION = "209 CMR 18.16 (collectors); 940 CMR 7.04(1)(f) (creditors)"
_HOLDS_FOR = "collectors; creditors alike"

RULES: tuple[Rule, ...] = (
    Frequency(
        id="us_ma.cmr.calls_and_texts",
        citation=_CITATION,
        confidence="high",
        holds_for=_HOLDS_FOR,
        counter="calls_and_texts",
        per="account",
        days=7,
        most=2,
        channels=("call", "sms"),
        blocks=("call", "sms"),
        places=("home", UNKNOWN_PLACE),
    ),
    Frequency(
        id="us_ma.cmr.elsewhere",
        citation=_CITATION,
        confidence="high",
        holds_for=_HOLDS_FOR,
        counter="calls_and_texts",
        per="account",
        days=30,
        most=2,
        channels=("call", "sms"),
        blocks=(),  # a decision does not choose the place: whoever makes contact sees the count
        places=("work", "other"),
    ),
    Frequency(
        id="us_ma.cmr.visits",
        citation="209 CMR 18.16; 940 CMR 7.04, as a legal-aid page tells it",
        confidence="medium",
        holds_for=_HOLDS_FOR,
        counter="visits",
        per="account",
        days=30,
        most=1,
        channels=("visit",),
        blocks=("visit",),
    ),
)
