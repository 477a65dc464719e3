"""New York City: the rule of the Department of Consumer and Worker Protection."""

from datetime import date

from features.tables import CHANNELS
from models.intensity.rules.rule import Frequency, Rule

RULES: tuple[Rule, ...] = (
    Frequency(
        id="us_ny_nyc.dcwp.contacts",
        citation="New York City DCWP debt collection rule",
        confidence="medium-high",
        holds_for="creditors and collectors; a bank's own debts too",
        effective_from=date(2026, 9, 1),
        counter="contacts",
        per="account",
        days=7,
        most=3,
        channels=CHANNELS,
        blocks=CHANNELS,
    ),
)
