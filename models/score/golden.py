"""Golden rows: a few histories kept with a bundle, which must score as they did."""

import json
from typing import Any, get_type_hints

import numpy as np

from features.panel import Contacts, Fixed, Panel, Payments, View

_KINDS = {"account": np.int64, "payments_known": np.bool_, "contacts_known": np.bool_}
_WHOLE = ("first", "payment_start", "contact_start", "row", "stop", "payment_stop", "contact_stop")
_PARTS = {"fixed": Fixed, "payments": Payments, "contacts": Contacts}


def golden_text(panel: Panel, view: View) -> str:
    """Panel and view as JSON, exact to the last bit; NaN is null."""
    return json.dumps({"panel": _plain(panel), "view": _plain(view)}, sort_keys=True)


def golden_rows(text: str) -> tuple[Panel, View]:
    """Panel and view out of `golden_text`; KeyError or ValueError where it is not such a text."""
    document = json.loads(text)
    return _read(Panel, document["panel"]), _read(View, document["view"])


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _null_for_nan(value.tolist())
    return {name: _plain(part) for name, part in value._asdict().items()}


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
