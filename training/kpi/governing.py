"""What governed decisions: the rules that bound, and the people who decided otherwise."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from models.intensity.words.overrides import APPROVED
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

    An approval is none: what was approved counts, by its own reason. The level left is that of the
    decision superseded, None where the tables do not have it.
    """
    reasons, before, levels = (
        dict(zip(every["decision_id"], every[name], strict=True))
        for name in ("override_reason", "supersedes", "level")
    )
    told = in_force.loc[in_force["override_reason"].notna(), "decision_id"]
    approved = sum(reasons[each] == APPROVED for each in told)
    made = [each for each in (_decided(each, reasons, before) for each in told) if each is not None]
    moves = Counter((levels.get(before[each], -1), levels[each]) for each in made)
    return {
        "n": len(made),
        "share": len(made) / len(in_force),
        "approved": approved,
        "by_reason": _counted("reason", [reasons[each] for each in made], len(in_force)),
        "moves": [
            {"from": None if start < 0 else int(start), "to": int(to), "n": n}
            for (start, to), n in sorted(moves.items())
        ],
    }


def _decided(decision_id: Any, reasons: Mapping[Any, Any], before: Mapping[Any, Any]) -> Any:
    """The person's decision that an approval stands for, or the decision itself; None: nobody's."""
    while reasons.get(decision_id) == APPROVED:
        decision_id = before[decision_id]
    reason = reasons.get(decision_id)
    return None if reason is None or pd.isna(reason) else decision_id


def _counted(what: str, values: Iterable[str], of: int) -> list[dict[str, Any]]:
    """Each value with its number and share, most first."""
    ordered = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    return [{what: value, "n": n, "share": n / of} for value, n in ordered]
