"""Golden rows: a few histories kept with a bundle, which must score as they did.

What no feature reads stays out of it: contact points, places and the debtor's other accounts.
"""

import json
from typing import Any, get_type_hints

import numpy as np

from features.panel import Contacts, Fixed, Panel, Payments, View

_KINDS = {"account": np.int64, "payments_known": np.bool_, "contacts_known": np.bool_}
_WHOLE = (
    *("first", "payment_start", "contact_start", "other_start"),
    *("row", "stop", "payment_stop", "contact_stop", "other_stop"),
)
_PARTS = {"fixed": Fixed, "payments": Payments, "contacts": Contacts, "others": Contacts}
_OF_CONTACTS = ("local_day", "point", "place")
_LEFT_OUT = (*_OF_CONTACTS, "others", "other_start", "other_stop")


def golden_text(panel: Panel, view: View) -> str:
    """What features read of panel and view as JSON, exact to the last bit; NaN is null."""
    return json.dumps({"panel": _plain(panel), "view": _plain(view)}, sort_keys=True)


def golden_rows(text: str) -> tuple[Panel, View]:
    """Panel and view out of `golden_text`; KeyError or ValueError where it is not such a text."""
    document = json.loads(text)
    panel, view = document["panel"], document["view"]
    panel["contacts"] |= dict.fromkeys(_OF_CONTACTS, [None] * len(panel["contacts"]["at"]))
    panel["others"] = {name: [] for name in Contacts._fields}
    panel["other_start"] = [0] * len(panel["contact_start"])
    view["other_stop"] = [0] * len(view["row"])
    return _read(Panel, panel), _read(View, view)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _null_for_nan(value.tolist())
    return {name: _plain(part) for name, part in value._asdict().items() if name not in _LEFT_OUT}


def _null_for_nan(value: Any) -> Any:
    if isinstance(value, list):
        return [_null_for_nan(part) for part in value]
    return None if value != value else value


def _read(kind: type[Any], document: dict[str, Any]) -> Any:
    return kind(*(_field(name, document[name]) for name in get_type_hints(kind)))


def _field(name: str, value: Any) -> Any:
    if name in _PARTS:
        return _read(_PARTS[name], value)
    kind = np.int64 if name in _WHOLE else _KINDS.get(name, np.float64)
    return np.array(value, dtype=kind)
