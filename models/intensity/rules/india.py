"""India: the hours that the Reserve Bank sets."""

from models.intensity.rules.rule import Hours, Rule

RULES: tuple[Rule, ...] = (
    Hours(
        id="in.rbi.hours",
        citation="Reserve Bank of India (RBI), hours of contact",
        confidence="high",
        holds_for="lenders and agents",
        start=8,
        end=19,
    ),
)
