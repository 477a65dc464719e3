import numpy as np
import pytest

from models.decision import Reason, ReasonName, Reasons

NAMES = (
    ReasonName("dpd_last", "willingness", "days"),
    ReasonName("utilisation", "ability", "share"),
    ReasonName("stage_offset", "calibration", "days"),
)
TOLD = (
    Reason("stage_offset", "calibration", 28.0, "days", -0.75),
    Reason("utilisation", "ability", None, "share", 0.5),
    Reason("dpd_last", "willingness", 28.0, "days", -0.25),
)


def reasons(*positions: int, names: tuple[ReasonName, ...] = NAMES) -> Reasons:
    value = {"dpd_last": 28.0, "utilisation": np.nan, "stage_offset": 28.0}
    share = {"dpd_last": -0.25, "utilisation": 0.5, "stage_offset": -0.75}
    told = [names[position].feature for position in positions]
    return Reasons(
        np.array(positions, np.uint16),
        np.array([value[name] for name in told]),
        np.array([share[name] for name in told]),
        names,
    )


def test_reasons_are_told_one_by_one() -> None:
    told = reasons(2, 1, 0)
    assert len(told) == 3
    assert tuple(told) == TOLD == tuple(told[k] for k in range(3))
    assert told[-1] == TOLD[-1]
    assert [type(told[0].value), type(told[0].contribution)] == [float, float]
    assert TOLD[1] in told
    with pytest.raises(IndexError):
        told[3]


def test_a_part_of_reasons_is_reasons() -> None:
    part = reasons(2, 1, 0)[:2]
    assert isinstance(part, Reasons)
    assert part.names is NAMES
    assert tuple(part) == TOLD[:2]
    assert tuple(reasons()) == ()


def test_reasons_are_equal_where_they_tell_the_same() -> None:
    told = reasons(2, 1, 0)
    assert told == reasons(2, 1, 0)
    assert told == reasons(0, 1, 2, names=NAMES[::-1])  # of a bundle with another order
    assert told != reasons(1, 2, 0)
    assert told != told[:2]
    assert told != TOLD
    assert told != Reasons(told.feature, np.array([28.0, 0.3, 28.0]), told.contribution, NAMES)
    assert told != Reasons(told.feature, told.value, -told.contribution, NAMES)
