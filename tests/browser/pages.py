"""The addresses of all pages, by name, in a world."""

from tests.browser.world import World

SIGN_IN = "/review/sign-in"
# Laid out as others are, with other content.
ALIKE = ("queue-waiting", "decision-odd", "decision-superseded", "what-if-odd")


def addresses(world: World) -> dict[str, str]:
    """Every page that a reviewer can open, with its states: nothing found, long, superseded."""
    proposed, odd, overridden = (
        f"/review/decisions/{each['decision_id']}"
        for each in (world.proposed[0], world.odd, world.overridden)
    )
    superseded = f"/review/decisions/{world.overridden['supersedes']}"
    visit = f"/review/visits/{world.visit}"
    return {
        "queue": "/review",
        "queue-waiting": "/review?status=proposed",
        "queue-nothing": "/review?level=4&tier=low&stage=M1&status=superseded",
        "decision": proposed,
        "decision-odd": odd,
        "decision-overridden": overridden,
        "decision-superseded": superseded,
        "decision-print": f"{proposed}/print",
        "what-if": f"{proposed}/what-if",
        "what-if-odd": f"{odd}/what-if",
        "portfolio": "/review/portfolio",
        "models": "/review/models",
        "model": "/review/models/cure",
        "policies": "/review/policies",
        "visits": "/review/visits",
        "visit": visit,
        "visit-plan": f"{visit}/plan",
        "not-found": "/review/decisions/00000000-0000-7000-8000-000000000000",
        "api": "/docs",
    }
