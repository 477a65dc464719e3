"""Protections: flags of an account that cap the level, in every jurisdiction and stage."""

from collections.abc import Iterable
from dataclasses import replace

from models.intensity.ladder import ESCALATE, NONE, REMIND, Treatment
from models.intensity.rules.rule import Cap

_OWN = "curescore protections (docs/policy.md)"


def _protection(name: str, cap: int, treatment: Treatment | None, citation: str = _OWN) -> Cap:
    return Cap(
        id=name,
        citation=citation,
        confidence="own",
        holds_for="every account, in every jurisdiction and stage",
        cap=cap,
        treatment=treatment,
    )


# One rule per flag, under the flag's name; those of one cap in the order in which they are
# named to a reviewer. `dispute`, `represented` and `complaint` end when a person has handled
# the matter and the flag is cleared.
PROTECTIONS: dict[str, Cap] = {
    rule.id: rule
    for rule in (
        _protection("deceased", NONE, "wait"),
        _protection("bankruptcy", NONE, "wait"),
        _protection("cease_contact", NONE, "wait", f"{_OWN}; compare US cease communication"),
        _protection("dispute", NONE, "wait"),
        _protection("represented", NONE, "wait"),
        _protection("complaint", NONE, "wait"),
        _protection("hardship", REMIND, "hardship_review"),
        _protection("vulnerable", REMIND, "hardship_review", f"{_OWN}; compare GB FCA CONC 7.2.1R"),
    )
}

# Takes no level: it closes a channel where no appointment has been agreed.
VISIT_APPOINTMENT = replace(_protection("visit_appointment", ESCALATE, None), blocks=("visit",))


def protections(flags: Iterable[str]) -> list[Cap]:
    """The protections that an account's flags set; KeyError for a flag that is none."""
    return [PROTECTIONS[flag] for flag in flags]
