"""Unreachable: dialling on a debtor whom calls do not reach costs, annoys and finds nobody."""

from models.intensity.ladder import ESCALATE
from models.intensity.rules.rule import Cap

# Takes no level by itself: it closes a channel, for as long as nobody has been reached.
UNREACHABLE = Cap(
    id="unreachable",
    citation="curescore: an unreachable debtor is traced (docs/policy.md)",
    confidence="own",
    holds_for="every account whose dials, as many as the policy names, reached nobody",
    cap=ESCALATE,
    treatment="trace",
    blocks=("call",),
)
