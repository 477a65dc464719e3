"""What governed decisions: the rules that bound, and the people who decided otherwise."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from training.arrow import array_of


def binding_rules(frame: pd.DataFrame, rules: pd.DataFrame) -> list[dict[str, Any]]:
    """Each rule with the number and share of cycles whose decision it bound, most first."""
    decided = array_of(frame["decision_id"])
    place = pc.index_in(array_of(rules["decision_id"]), value_set=decided)
    bound = pd.DataFrame({"cycle": place.to_numpy(zero_copy_only=False), "rule": rules["rule"]})
    bound = bound.dropna(subset=["cycle"]).drop_duplicates()
    return _counted("rule", bound["rule"], len(frame))


def overrides(every: pd.DataFrame, in_force: pd.DataFrame) -> dict[str, Any]:
    """Decisions in force that a person made otherwise: by reason, and from level to level.

    The level left is that of the decision superseded, None where the tables do not have it.
    """
    made = in_force[in_force["override_reason"].notna()]
    left = made["supersedes"].map(every.set_index("decision_id")["level"]).fillna(-1).astype(int)
    moves = Counter(zip(left.tolist(), made["level"].tolist(), strict=True))
    return {
        "n": len(made),
        "share": len(made) / len(in_force),
        "by_reason": _counted("reason", made["override_reason"], len(in_force)),
        "moves": [
            {"from": None if start < 0 else start, "to": to, "n": n}
            for (start, to), n in sorted(moves.items())
        ],
    }


def _counted(what: str, values: Iterable[str], of: int) -> list[dict[str, Any]]:
    """Each value with its number and share, most first."""
    ordered = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    return [{what: value, "n": n, "share": n / of} for value, n in ordered]
