"""Protections: flags of an account that cap the level, in every jurisdiction and stage."""

from collections.abc import Iterable

from models.intensity.ladder import ESCALATE, NONE, REMIND
from models.intensity.rules.rule import Rule

_OWN = "curescore protections (docs/policy.md)"

# One rule per flag, under the flag's name; those of one cap in the order in which they are
# named to a reviewer. `dispute`, `represented` and `complaint` end when a person has handled
# the matter and the flag is cleared.
PROTECTIONS: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("deceased", _OWN, NONE, "own", "wait"),
        Rule("bankruptcy", _OWN, NONE, "own", "wait"),
        Rule("cease_contact", f"{_OWN}; compare US cease communication", NONE, "own", "wait"),
        Rule("dispute", _OWN, NONE, "own", "wait"),
        Rule("represented", _OWN, NONE, "own", "wait"),
        Rule("complaint", _OWN, NONE, "own", "wait"),
        Rule("hardship", _OWN, REMIND, "own", "hardship_review"),
        Rule("vulnerable", f"{_OWN}; compare GB FCA CONC 7.2.1R", REMIND, "own", "hardship_review"),
    )
}

# Takes no level: it takes the channel `visit` where no appointment has been agreed.
VISIT_APPOINTMENT = Rule("visit_appointment", _OWN, ESCALATE, "own")


def protections(flags: Iterable[str]) -> list[Rule]:
    """The protections that an account's flags set; KeyError for a flag that is none."""
    return [PROTECTIONS[flag] for flag in flags]
