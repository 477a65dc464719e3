import pytest

from models.score.standing import Agreement, StandingCheck


def check(ability: tuple, willingness: tuple, *, measured: bool = True) -> StandingCheck:
    return StandingCheck(
        measured=measured,
        n=1_000,
        ability=Agreement(own=ability[0], other=ability[1]),
        willingness=Agreement(own=willingness[0], other=willingness[1]),
    )


@pytest.mark.parametrize(
    ("ability", "willingness", "valid"),
    [
        ((0.4, 0.39), (0.4, -0.9), True),
        ((0.399, 0.1), (0.6, 0.1), False),
        ((0.6, 0.1), (0.399, 0.1), False),
        ((0.5, 0.5), (0.6, 0.1), False),
        ((0.5, 0.501), (0.6, 0.1), False),
        ((0.6, 0.1), (0.6, 0.7), False),
        ((-0.6, -0.7), (0.6, 0.1), False),
        ((None, None), (0.6, 0.1), False),
        ((0.6, 0.1), (0.6, None), False),
    ],
)
def test_both_must_agree_with_their_own_truth_and_more_than_with_the_other_s(
    ability: tuple, willingness: tuple, valid: bool
) -> None:
    assert check(ability, willingness).valid is valid


def test_what_was_not_measured_is_not_valid() -> None:
    assert not StandingCheck().valid
    assert not check((0.9, 0.0), (0.9, 0.0), measured=False).valid
