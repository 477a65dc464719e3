"""The stored form: it holds everything, never changes, and keeps a nightly decision small."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from models.decision import BindingRule, Change, Decision, Intensity, Level, Limit, Score
from service.log import packing
from service.log.packing import (
    CHANGE,
    INTENSITY,
    LEVEL,
    LIMIT,
    RULE,
    SCORE,
    packed_inputs,
    unpacked,
    unpacked_inputs,
)
from service.log.records import entry
from tests.records import EXPLORED, decided
from tests.storing import AT

DICTIONARIES = Path(packing.__file__).parent / "dictionaries"
# A dictionary that has been published never changes: what it has packed needs it to be read.
PUBLISHED = {
    "inputs-1.zdict": "fa9f689f79bea7f4d849f483a5d3382b358dc99600350b3a5576c49a50856f28",
    "records-1.zdict": "ec8404c547a8b6114aa1db0f66472ff43ccb2d66f73c81cb6188d885e9d5c704",
}


def test_dictionaries_are_those_that_were_published() -> None:
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in DICTIONARIES.iterdir()
    }
    assert found == PUBLISHED


@pytest.mark.parametrize(
    ("stored", "now"),
    [
        (INTENSITY, Intensity._fields),
        (LEVEL, Level._fields),
        (RULE, BindingRule._fields),
        (LIMIT, Limit._fields),
        (CHANGE, Change._fields),
        (("target", "stage", "tier", *SCORE), Score.__slots__),
    ],
)
def test_a_decision_has_the_fields_of_the_form_that_it_is_stored_in(
    stored: tuple[str, ...], now: tuple[str, ...]
) -> None:
    """Where this fails, the form needs a successor with the next number."""
    assert sorted(stored) == sorted(now)
    assert stored == tuple(now) or "target" in stored


@pytest.mark.parametrize("changes", [{}, EXPLORED])
def test_what_is_packed_is_unpacked_with_all_types(changes: dict[str, Any]) -> None:
    decision = decided(**changes)
    one, record = entry(decision, b"{}", decided_at=AT, actor="test", generation=1)
    stored = unpacked(one.record, decision.reasons.names)
    assert isinstance(stored, packing.Stored)
    assert stored.inputs_sha256.hex() == record["inputs_sha256"]
    # As text, to tell 7 from 7.0 and True from 1.
    assert str(stored.intensity) == str(lists(decision.intensity))


def lists(value: Any) -> Any:
    """The value with lists for tuples, as MessagePack has them."""
    return [lists(each) for each in value] if isinstance(value, tuple | list) else value


def test_the_first_byte_is_the_form_and_an_unknown_one_is_told() -> None:
    decision = decided()
    one, _ = entry(decision, b"{}", decided_at=AT, actor="test", generation=1)
    assert (one.record[0], one.inputs[0]) == (2, 2)
    with pytest.raises(ValueError, match="form 9, which only a later version can read"):
        unpacked(b"\x09" + one.record[1:], decision.reasons.names)
    with pytest.raises(ValueError, match="form 9, which only a later version can read"):
        unpacked_inputs(b"\x09" + one.inputs[1:])


def test_inputs_without_a_dictionary_are_read_too() -> None:
    assert unpacked_inputs(b"\x01" + zstd.compress('{"名":1}'.encode())) == '{"名":1}'.encode()


def test_threads_pack_beside_each_other(decision: Decision) -> None:
    contents = [f'{{"n":{i}}}'.encode() * 100 for i in range(400)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(packed_inputs, contents))
    assert [unpacked_inputs(each) for each in found] == contents
