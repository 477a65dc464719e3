"""The version of the rules, as decisions record it."""

import hashlib

from models.intensity.rules.book import EVERYWHERE, JURISDICTIONS

# Changes exactly when a rule does: what it takes away, where, its source or its dates.
RULES_VERSION = hashlib.sha256(repr((EVERYWHERE, JURISDICTIONS)).encode()).hexdigest()[:12]
