"""Texts that cannot be read: all of them found, however many there are."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.tables import ACCOUNTS, PAYMENTS, STATEMENTS, Column
from training.columns import READ_AS, SHAPES, STEPS, typed

COLUMNS = [
    STATEMENTS.column("balance"),
    STATEMENTS.column("days_past_due"),
    STATEMENTS.column("statement_date"),
    ACCOUNTS.column("apr"),
    PAYMENTS.column("received_at"),
    PAYMENTS.column("reversed"),
]
READABLE = [
    *("1", "+1", "-1.5", ".5", "5.", "1e5", "1E-5", "+.5e+3", "inf", "-Infinity", "NaN", "nan(x)"),
    *("2024-02-29", "0000-01-01", "1900-12-31"),
    *("2024-01-31T14:05:00+08:00", "2024-01-31 14:05Z", "2024-01-31T14Z", "2262-04-11T00:00+0000"),
    *("2024-01-31T14:05:00.123456789-05", "1677-09-22T23:59:59Z"),
    *("true", "FALSE", "0", "1"),
]


def castable(text: str, column: Column) -> bool:
    try:
        pa.array([text]).cast(STEPS.get(column.kind, READ_AS[column.kind]))
    except pa.ArrowInvalid:
        return False
    return True


def has_shape(text: str, column: Column) -> bool:
    return bool(pc.match_substring_regex(pa.array([text]), SHAPES[column.kind])[0].as_py())


@st.composite
def nearly_readable(draw: st.DrawFn) -> str:
    """A text that can be read, with a character or two put in, taken out or changed."""
    text = draw(st.sampled_from(READABLE))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        put = draw(st.sampled_from([*"0123459", *"+-.:TZe ,_xnif", ""]))
        text = text[:at] + put + text[at + draw(st.integers(0, 1)) :]
    return text


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
@given(text=nearly_readable() | st.text(max_size=8))
def test_what_can_be_read_has_the_shape_of_its_kind(column: Column, text: str) -> None:
    assert has_shape(text, column) or not castable(text, column)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_every_kind_has_texts_that_can_be_read(column: Column) -> None:
    assert sum(castable(text, column) for text in READABLE) >= 3


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
@given(texts=st.lists(nearly_readable() | st.none(), max_size=30))
def test_exactly_what_cannot_be_read_is_a_problem(column: Column, texts: list[str | None]) -> None:
    values, problems = typed(column, pa.chunked_array([texts], pa.string()))
    told = problems[0].rows.tolist() if problems and problems[0].rows is not None else []
    wrong = [
        row for row, text in enumerate(texts) if text is not None and not castable(text, column)
    ]
    assert set(wrong) <= set(told)
    assert told == sorted(told)
    given_and_sound = [text is not None and row not in told for row, text in enumerate(texts)]
    assert values.notna().tolist() == given_and_sound
    for row in set(told) - set(wrong):  # read as a number, but as none that can be meant
        text = str(texts[row]).lower()
        assert column.kind == "count" or "nan" in text
    if problems:
        assert problems[0].values is not None
        assert problems[0].values.cast(pa.string()).to_pylist() == [texts[row] for row in told]


def test_a_hundred_thousand_wrong_texts_are_found_one_by_one() -> None:
    texts = [f"{k},50" if k % 2 else f"{k}.50" for k in range(100_000)]
    (problem,) = typed(COLUMNS[0], pa.chunked_array([texts])).problems
    assert problem.rows is not None
    assert np.array_equal(problem.rows, np.arange(1, 100_000, 2))


def test_bytes_that_are_no_text_are_a_problem_of_their_row() -> None:
    raw = pa.array([b"ok", b"\xe9t\xe9", None]).cast(pa.string(), safe=False)
    values, (problem,) = typed(ACCOUNTS.column("account_id"), pa.chunked_array([raw]))
    assert problem.rows is not None
    assert problem.rows.tolist() == [1]
    assert values.isna().tolist() == [False, True, True]
