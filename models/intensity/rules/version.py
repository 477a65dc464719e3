"""The version of the rules in force, as decisions record it."""

import hashlib

from models.intensity.rules.holds import HOLDS
from models.intensity.rules.protections import PROTECTIONS, VISIT_APPOINTMENT

# Changes exactly when a rule does: its cap, treatment, source or dates.
RULES_VERSION = hashlib.sha256(
    "\n".join(repr(rule) for rule in (*PROTECTIONS.values(), *HOLDS, VISIT_APPOINTMENT)).encode()
).hexdigest()[:12]
