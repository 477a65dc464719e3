"""Bodies changed at random: whatever comes in, the answer is a decision or a 4xx problem."""

from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.tables import FIRST_DATE, LAST_DATE
from service.answers import ProblemAnswer, RecordAnswer
from service.bodies import examples
from service.errors import TYPE_PREFIX
from tests.service.conftest import Client

EDGES: list[Any] = [
    0, 1, -1, -0.0, 1e-4, 999_999_999_999, 1e11, -999_999_999_999, 36_500, 10, 5e-324, 1e308,
    "", "0", "true", "A-1001", "USD", "UTC", "Asia/Kathmandu", "open", "sold", "promise", "visit",
    f"{FIRST_DATE}", f"{LAST_DATE}", "1970-01-01", "2024-02-29", "2025-06-30",
    f"{FIRST_DATE.year}-01-03T00:00:00Z", "2025-07-02T09:30:00-04:00",
    "2025-06-01T23:59:59.999999+14:00",
]  # fmt: skip
VALUES = st.sampled_from(EDGES) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys: Any = value if isinstance(value, dict) else ()
    if isinstance(value, list):
        keys = range(len(value))
    return [path, *(place for key in keys for place in places(value[key], (*path, key)))]


EXAMPLE = examples.decision("USD")
OPTIONAL = [("account", "plan"), ("account", "debtor_id"), ("contacts", 0, "promised_on"),
            ("contacts", 0, "promised_amount"), ("contacts", 0, "reason"),
            ("contacts", 0, "appointment_at")]  # fmt: skip
PLACES = [*places(EXAMPLE)[1:], *OPTIONAL]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=4))
def test_no_body_breaks_the_service(client: Client, changes: list[tuple[Any, Any]]) -> None:
    body: Any = deepcopy(EXAMPLE)
    for (*parents, last), value in changes:
        try:
            at = body
            for key in parents:
                at = at[key]
            at[last] = value
        except (TypeError, KeyError, IndexError):  # an earlier change took the place away
            continue
    answered = client.post("/v1/decisions?reasons=all", json=body)
    if answered.status_code == 200:
        record = answered.json()
        RecordAnswer.model_validate(record)
        total = record["score"]["base_log_odds"] + sum(r["contribution"] for r in record["reasons"])
        assert abs(total - record["score"]["log_odds"]) < 1e-6
    else:
        assert answered.status_code == 422, answered.text
        ProblemAnswer.model_validate(answered.json())
        assert answered.json()["type"] != TYPE_PREFIX + "internal"
