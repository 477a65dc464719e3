"""Decoding by msgspec: as strict as the strict way, to the last field and problem."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.account import Account
from service.bodies import decoding as bodies
from service.bodies import examples
from service.bodies.decoding import Decoded, account_of, decode_batch, decode_decision
from service.bodies.jsonbody import parse
from service.bodies.schemas import BATCH_MAX, BatchEnvelope, BatchItem, DecisionBody
from service.bodies.validation import read
from service.errors import ProblemError
from tests.strict import read_decision

NOW = datetime(2025, 7, 3, 12, tzinfo=UTC)
PLACEHOLDER = "@@"
EXAMPLE = examples.decision("USD")
# Every field, so that each can be spelled in another way.
FULL: dict[str, Any] = deepcopy(EXAMPLE)
FULL["account"] |= {
    "debtor_id": "D-7",
    "plan": {"months": 6, "instalment": 50.25, "kept": True},
}
FULL["statements"] = [row | {"account_id": "A-1001"} for row in FULL["statements"][-2:]]
FULL["payments"][0] |= {
    "account_id": "A-1001",
    "reversed": True,
    "reversed_at": "2025-05-21T12:00:00Z",
}
FULL["contacts"][0] |= {
    "account_id": "A-1001",
    "contact_point_id": "a1b2",
    "place": "work",
    "consent": True,
    "outcome": "promise",
    "reason": "lost_job",
    "promised_amount": 92.5,
    "promised_on": "2025-07-10",
    "appointment_at": "2025-07-04T09:00:00-04:00",
}
FULL["debtor_contacts"] = [FULL["contacts"][0] | {"contact_id": "O-1", "account_id": "B"}]
Place = tuple[Any, ...]


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Every path into a JSON value, but for that of the whole."""
    keys: Any = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield (*path, key)
        if isinstance(value[key], dict | list):
            yield from places(value[key], (*path, key))


PLACES = list(places(FULL))


def at(value: Any, path: Place) -> Any:
    for key in path:
        value = value[key]
    return value


def spelled(path: Place, text: str) -> bytes:
    """The full body with that text in the place of one value."""
    body = deepcopy(FULL)
    at(body, path[:-1])[path[-1]] = PLACEHOLDER
    return json.dumps(body).replace(f'"{PLACEHOLDER}"', text).encode("utf-8", "surrogatepass")


def outcome(content: bytes) -> Any:
    try:
        decoded = decode_decision(content, NOW)
    except ProblemError as problem:
        return problem.body()
    return _values(decoded.body), decoded.as_of


def strictly(content: bytes) -> Any:
    """What the strict way makes of a body: its values, or the problem."""
    try:
        checked = read_decision(DecisionBody, parse(content), NOW)
    except ProblemError as problem:
        return problem.body()
    return _values(checked.body), checked.as_of


def _values(value: Any) -> Any:
    """All fields of a body or struct, with numbers by type and sign; names of classes aside."""
    if isinstance(value, list):
        return [_values(each) for each in value]
    names = getattr(value, "__struct_fields__", None) or getattr(type(value), "model_fields", None)
    if names is not None:
        return {name: _values(getattr(value, name)) for name in names}
    if isinstance(value, datetime):
        return value.astimezone(UTC), value.utcoffset()
    return value if value is None or isinstance(value, str) else repr(value)


def is_fast(content: bytes) -> bool:
    return bodies._fast(DecisionBody, content) is not None


INSTANTS = [
    f'"{text}"'
    for text in (
        "2024-01-01T00:00:00Z", "2024-01-01t00:00:00z", "2024-01-01T00:00:00z",
        "2024-01-01 00:00:00Z", "2024-01-01T00:00:00+0000", "2024-01-01T00:00:00+02",
        "2024-01-01T00:00Z", "2024-01-01T00:00:00", "2024-01-01", "2024-01-01T24:00:00Z",
        "2024-06-30T23:59:60Z", "2024-01-01T00:60:00Z", "2024-02-30T00:00:00Z",
        "2024-01-01T00:00:00.1Z", "2024-01-01T00:00:00.123456Z", "2024-01-01T00:00:00.1234567Z",
        "2024-01-01T00:00:00.0000000Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00,1Z",
        "2024-01-01T00:00:00+14:00", "2024-01-01T00:00:00+23:59", "2024-01-01T00:00:00-23:59",
        "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+00:60", "2024-01-01T00:00:00-00:00",
        "2024-01-01T00:00:00+00:00:30", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00",
        "1900-01-01T23:59:59Z", "1900-01-02T00:00:00Z", "1900-01-02T00:59:59+01:00",
        "1900-01-02T01:00:00+01:00", "2199-12-31T00:00:00Z", "2199-12-31T00:00:01Z",
        "9999-12-31T23:59:59-12:00", "20240101T000000Z", "2024-W01-1T00:00:00Z", "1704067200",
        "２０２４-01-01T00:00:00Z", "2024-01-01T00:00:00Z\\n", "\\u0032024-01-01T00:00:00Z", "",
    )
]  # fmt: skip
NUMBERS = [
    "5", "5.0", "5e0", "-0", "-0.0", "0", "1e400", "-1e400", "1e-400", "5e-324", "1e-5", "1e-4",
    "0.00010", "0.00005", "12.34560", "12.34567", "12.345600000000000000001", "9" * 30, "9" * 5_000,
    "0." + "1" * 5_000, "449999999999.9999", "999999999999.9999", "999999999999.99999", "1e12",
    "-999999999999.9999", "-1e12", "NaN", "Infinity", "-Infinity", "true", "false", '"5"', "05",
    "+5", "5.", ".5", "1E2", "1e+2", "0x10", "1_0", "1e", "--1", "36500", "36501", "10.1", "600",
]  # fmt: skip
TEXTS = [
    '""', '"a"', '" "', f'"{"x" * 64}"', f'"{"x" * 65}"', f'"{"😀" * 64}"', f'"{"😀" * 65}"',
    '"\ud800"', '"\\ud800"', '"\\udc00x"', '"\\ud83d\\ude00"', '"\\u00e9"', '"é"', '"\\/"', '"\\x"',
    '"a\nb"', '"a\\nb"', '"a\x00b"', '"a\x7fb"', '"a\\u007fb"', '"a\x85b"', '"a\u200bb"',
    '"\u3000"', '":a"', '" :"',
    '"a\\"b"', '"a\\"\\"b"', '"null"', '"USD"', '"US"', '"US-"', '"UTC"',
    '"utc"',
    '"Asia/Kathmandu"', '"../../etc/passwd"', '"localtime"', '"A-1001"', '"C-1"', '"call"',
    '"mortgage"', '"guarantor"', '"restructured"', '"in"', '"refused"',
]  # fmt: skip
DATES = [
    '"2024-01-01"', '"2024-02-30"', '"20240101"', '"2024-1-1"', '"2024-01-01 "', '"+024-01-01"',
    '"2024-01-01T00:00:00"', '"1899-12-31"', '"1900-01-01"', '"2199-12-31"', '"2200-01-01"',
    '"0000-01-01"', '"2024-01-0１"', "20240101",
]  # fmt: skip
OTHERS = [
    "null", "{}", "[]", "[[]]", "[{}]", "[null]", "[" * 100_000, "[" * 900 + "]" * 900,
    '{"a":' * 50_000 + "1" + "}" * 50_000, '{"a": 1, "a": 1}', "", "1 2", "//", "tru", "nul",
]  # fmt: skip
SPELLINGS = [*INSTANTS, *NUMBERS, *TEXTS, *DATES, *OTHERS]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: "/".join(map(str, path)))
def test_each_value_is_taken_or_refused_as_the_strict_way_does(path: Place) -> None:
    taken = 0
    for text in SPELLINGS:
        content = spelled(path, text)
        assert outcome(content) == strictly(content), text[:80]
        taken += is_fast(content)
    # A list of objects, or the account, has no other spelling here than null and empty ones.
    assert taken > 0 or isinstance(at(FULL, path), dict | list)


def test_what_is_sound_goes_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [
        json.dumps(FULL).encode(),
        json.dumps(FULL, indent=2, separators=("\t , ", "\r :\n ")).encode(),
        json.dumps(EXAMPLE | {"payments": None, "debtor_contacts": None, "as_of": None}).encode(),
        json.dumps(EXAMPLE | {"payments": [], "contacts": []}).encode(),
        json.dumps(FULL | {"account": FULL["account"] | {"account_id": ":Ä 1", "plan": None}})
        .replace('"A-1001"', "null").replace("\\u00c4", "Ä").encode(),
    ]  # fmt: skip
    wanted = [strictly(content) for content in contents]
    monkeypatch.setattr(bodies, "parse", None)
    for content, values in zip(contents, wanted, strict=True):
        assert outcome(content) == values


FRAGMENTS = st.sampled_from([text for text in SPELLINGS if len(text) < 1_000]) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=5,
).map(lambda value: json.dumps(value, ensure_ascii=False))


@given(st.dictionaries(st.sampled_from(PLACES), FRAGMENTS, min_size=1, max_size=4))
def test_bodies_with_wrong_values_are_told_the_same(changes: dict[Place, str]) -> None:
    body = deepcopy(FULL)
    for k, path in enumerate(sorted(changes, key=len, reverse=True)):
        at(body, path[:-1])[path[-1]] = f"@{k}@"
    text = json.dumps(body)
    for k, path in enumerate(sorted(changes, key=len, reverse=True)):
        text = text.replace(f'"@{k}@"', changes[path])
    content = text.encode("utf-8", "surrogatepass")
    assert outcome(content) == strictly(content)


TEXT = json.dumps(FULL).encode()
ODD = st.sampled_from([
    b"", b'"', b"\\", b":", b",", b"{", b"}", b"]", b"\x00", b"\xff", b"\xed\xa0", b" ", b"null",
    b'"as_of":null,', b"T", b"z", b"0", b".", b"e", b"-",
])  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 3), ODD), max_size=3))
def test_text_that_is_torn_is_told_the_same(cuts: list[tuple[int, int, bytes]]) -> None:
    content = TEXT
    for start, length, put in cuts:
        content = content[:start] + put + content[start + length :]
    assert outcome(content) == strictly(content)


@given(st.floats(0, 1e12), st.integers(0, 8))
def test_amounts_have_few_decimals(amount: float, decimals: int) -> None:
    content = spelled(("account", "credit_limit"), f"{amount:.{decimals}f}")
    found = outcome(content)
    assert found == strictly(content)
    # Of large amounts, a float times 10,000 is not a whole number, or another one.
    assert is_fast(content) == isinstance(found, tuple)


OBJECTS = [(), *(path for path in PLACES if isinstance(at(FULL, path), dict))]
VALUES = st.none() | st.sampled_from([1, ":", "", [], {}, "2024-01-01T00:00:00 z"])


@given(
    path=st.sampled_from(OBJECTS),
    last=st.booleans(),
    nulls=st.sets(st.sampled_from(PLACES)),
    value=VALUES | st.just(PLACEHOLDER),
    data=st.data(),
)
def test_a_key_given_twice_is_refused_wherever_it_stands(
    path: Place, last: bool, nulls: set[Place], value: Any, data: st.DataObject
) -> None:
    body = deepcopy(FULL)
    key = data.draw(st.sampled_from(sorted(at(body, path))))
    given = at(body, path)
    for name in given:  # nulls of the same object hide a key best
        if (*path, name) in nulls and name != key:
            given[name] = None
    pairs = list(given.items())
    again = (key, given[key] if value == PLACEHOLDER else value)
    inner = ", ".join(
        f"{json.dumps(name)}: {json.dumps(each)}"
        for name, each in ([*pairs, again] if last else [again, *pairs])
    )
    text = "{" + inner + "}"
    if path:
        at(body, path[:-1])[path[-1]] = PLACEHOLDER
        text = json.dumps(body).replace(f'"{PLACEHOLDER}"', text)
    found = outcome(text.encode())
    assert found["type"].endswith("malformed-json")
    assert f'The key "{key}" is given twice' in found["detail"]


def test_inputs_are_the_body_in_the_order_of_the_schema() -> None:
    decoded = decode_decision(json.dumps(FULL).encode(), NOW)
    assert list(json.loads(decoded.inputs)) == [
        "as_of", "account", "statements", "payments", "contacts", "debtor_contacts",
    ]  # fmt: skip
    assert json.loads(decoded.inputs) == FULL
    assert b" " not in decoded.inputs


@given(st.randoms(use_true_random=False), st.sampled_from([None, 1]))
def test_inputs_are_the_same_however_a_body_is_laid_out(random: Random, indent: int | None) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, list):
            return [shuffled(each) for each in value]
        if not isinstance(value, dict):
            return value
        pairs = [(name, shuffled(each)) for name, each in value.items()]
        return dict(random.sample(pairs, len(pairs)))

    content = json.dumps(shuffled(FULL), indent=indent).encode()
    escaped = content.replace(b'"sms"', b'"\\u0073ms"')
    assert (is_fast(content), is_fast(escaped)) == (True, False)
    for laid_out in (content, escaped):
        assert decode_decision(laid_out, NOW).inputs == decode_decision(TEXT, NOW).inputs


def test_null_is_as_if_left_out() -> None:
    left_out = decode_decision(json.dumps(EXAMPLE).encode(), NOW)
    nulls: dict[str, Any] = deepcopy(EXAMPLE) | {"debtor_contacts": None}
    nulls["account"] |= {"plan": None, "debtor_id": None}
    nulls["contacts"][0]["reason"] = None
    assert decode_decision(json.dumps(nulls).encode(), NOW).inputs == left_out.inputs


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("content", [FULL, EXAMPLE, EXAMPLE | {"payments": []}])
def test_inputs_are_decoded_as_what_they_came_from(content: dict[str, Any], slow: bool) -> None:
    for as_of in (content["as_of"], None):
        text = json.dumps(content | {"as_of": as_of})
        decoded = decode_decision(text.replace("sms", "\\u0073ms" if slow else "sms").encode(), NOW)
        again = decode_decision(decoded.inputs, NOW + timedelta(days=900))
        assert again.inputs == decoded.inputs
        assert again.as_of == decoded.as_of == datetime.fromisoformat(as_of or NOW.isoformat())
        assert _values(again.body.account) == _values(decoded.body.account)
        assert again.as_of.utcoffset() == decoded.as_of.utcoffset()


def test_an_account_is_what_the_models_know() -> None:
    content = FULL | {"account": FULL["account"] | {"hardship": True, "dispute": True}}
    account = account_of(decode_decision(json.dumps(content).encode(), NOW))
    assert account == DecisionBody.model_validate(content).account.account()
    assert isinstance(account, Account)
    assert account.flags == {"hardship", "dispute"}


def batch(*items: Any) -> bytes:
    return json.dumps({"items": items}).encode()


def strict_batch(content: bytes) -> Any:
    """What the strict way makes of each item of a batch."""
    found: list[Any] = []
    for i, value in enumerate(read(BatchEnvelope, parse(content)).items):
        try:
            checked = read_decision(BatchItem, value, NOW, ("items", i))
            found.append((_values(checked.body), checked.as_of))
        except ProblemError as problem:
            found.append(problem.body())
    return found


def batch_outcome(content: bytes) -> Any:
    return [
        item.outcome.body()
        if isinstance(item.outcome, ProblemError)
        else (_values(item.outcome.body), item.outcome.as_of)
        for item in decode_batch(content, NOW)
    ]


ITEMS = st.lists(
    st.sampled_from([
        EXAMPLE, FULL, FULL | {"request_id": "row 1"}, FULL | {"request_id": "é:\u200b"},
        FULL | {"statements": []}, FULL | {"as_of": "2025-07-03T12:06:00Z", "request_id": "x"},
        EXAMPLE | {"account": FULL["account"] | {"timezone": "Mars"}, "request_id": "y" * 65},
        FULL | {"request_id": 5}, FULL | {"request_id": None, "surprise": 1}, None, [], 3, "x",
    ]),
    min_size=1, max_size=4,
)  # fmt: skip


@given(ITEMS, st.booleans())
def test_items_are_decoded_as_single_bodies_are(items: list[Any], indent: bool) -> None:
    content = json.dumps({"items": items}, indent=2 if indent else None).encode()
    assert batch_outcome(content) == strict_batch(content)
    for item, found in zip(items, decode_batch(content, NOW), strict=True):
        name = item.get("request_id") if isinstance(item, dict) else None
        may_echo = isinstance(name, str) and len(name) < 65 and name.isprintable()
        assert found.request_id == (name if may_echo else None)
        if isinstance(found.outcome, Decoded):
            alone = {k: v for k, v in item.items() if k != "request_id"}
            assert found.outcome.inputs == decode_decision(json.dumps(alone).encode(), NOW).inputs


ONE = json.dumps(EXAMPLE)
ENVELOPES = [
    '{"items": [%s], "items": [%s]}', '{"items": [], "items": [%s, %s]}', '{"items": [%s, %s}',
    '{"items": [%s, %s,]}', '{"items": [%s, %s]} 1', '{"items": [%s, {"a": "\\ud800"}, %s]}',
    '{"items": [%s, NaN, %s]}', '{"items": [%s, %s, {"a": 1, "a": 1}]}', '{"items": {}, "%s%s": 1}',
    '{"items": [%s, %s], "other": 1}', '{"items": null}', '{"items": []}', "[%s, %s]", "{}", "",
    '{"\\u0069tems": [%s, %s]}', '{"items": [%s, %s, ' + "[" * 100_000 + "]}", '{"items": "%s%s"}',
    '{"items": [%s, %s, "a\nb"]}', '{"items": [%s, %s, "\xff"]}', '{"items":\r[%s\t,%s]\n}',
    '{"items": [%s, {"account": 1, "account": 1}, %s]}', '{"items": [%s, {"account" 1}, %s]}',
]  # fmt: skip


@pytest.mark.parametrize("envelope", ENVELOPES, ids=range(len(ENVELOPES)))
def test_an_envelope_is_taken_or_refused_as_the_strict_way_does(envelope: str) -> None:
    content = (envelope % (ONE, ONE) if "%" in envelope else envelope).encode("latin-1")

    def told(read_batch: Any) -> Any:
        try:
            return read_batch(content)
        except ProblemError as problem:
            return problem.body()

    assert told(batch_outcome) == told(strict_batch)


def test_a_batch_has_a_bound() -> None:
    assert len(decode_batch(batch(*[1] * BATCH_MAX), NOW)) == BATCH_MAX
    with pytest.raises(ProblemError) as raised:
        decode_batch(batch(*[1] * (BATCH_MAX + 1)), NOW)
    assert raised.value.body()["errors"][0]["pointer"] == "/items"
