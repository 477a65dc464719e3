"""The policy file: the packaged one loads, and every mistake in another is explained."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from features.errors import InputError
from features.tables import CHANNELS
from models.intensity.ladder import LOWEST_LEVEL_OF_CHANNEL
from models.intensity.mistakes import PolicyError
from models.intensity.policy import Policy, load_policy, parse_policy
from models.score.tier import TIERS
from models.stage import STAGES

PACKAGED = (files("models.intensity") / "policy.toml").read_bytes()
DOCUMENT = tomllib.loads(PACKAGED.decode())


def mistakes(text: str) -> dict[str, InputError]:
    """Place → mistake, of a policy that must be refused."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(text.encode(), "mine.toml")
    for mistake in caught.value.mistakes[: PolicyError.LISTED]:
        assert str(mistake) in str(caught.value)
    return {mistake.where: mistake for mistake in caught.value.mistakes}


def packaged_with(old: str, new: str) -> str:
    text = PACKAGED.decode()
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_the_packaged_policy_covers_every_stage_and_tier_within_its_bounds() -> None:
    policy = load_policy()
    assert set(policy.levels) == {(stage, tier) for stage in STAGES for tier in TIERS}
    for (stage, _), level in policy.levels.items():
        lowest, highest = policy.bounds[stage]
        assert lowest <= level <= highest
    assert policy.levels["pre_due", "high"] <= 1
    assert max(policy.levels["M1", tier] for tier in TIERS) <= 2
    assert {stage for (stage, _), level in policy.levels.items() if level == 4} == {"M4+"}


def test_every_channel_has_a_lowest_level() -> None:
    assert tuple(sorted(LOWEST_LEVEL_OF_CHANNEL)) == tuple(sorted(CHANNELS))


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    changed = PACKAGED + b"# a comment more\n"
    path = tmp_path / "mine.toml"
    path.write_bytes(changed)
    assert load_policy(path).sha256 == hashlib.sha256(changed).hexdigest()
    assert load_policy(None).sha256 == hashlib.sha256(PACKAGED).hexdigest()


def test_a_policy_read_from_no_file_has_no_hash_to_show() -> None:
    with pytest.raises(AttributeError, match="not read from a file"):
        _ = Policy.model_validate(DOCUMENT).sha256


def test_a_policy_is_frozen() -> None:
    policy = load_policy()
    with pytest.raises(ValidationError, match="frozen"):
        policy.valid_days = 30  # type: ignore[misc]


def described(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[str]:
    for name, field in part.get("properties", {}).items():
        assert field.get("description"), name
        yield name
        if "$ref" in field:
            yield from described(schema, schema["$defs"][field["$ref"].rsplit("/", 1)[1]])


def test_the_json_schema_describes_each_field() -> None:
    schema = Policy.model_json_schema()
    names = set(described(schema, schema))
    wanted = {"schema_version", "valid_days", "promise_grace_days", "low_from", "amount_from"}
    wanted |= {"channels", "treatment", "lowest", "highest", "M4+", "doubtful", "escalate"}
    assert wanted <= names
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    ("old", "new", "where", "problem"),
    [
        ("schema_version = 1", "schema_version = 2", "schema_version", "should be 1"),
        ('name = "default"', 'name = "my policy"', "name", "pattern"),
        ("valid_days = 2", "", "valid_days", "is missing"),
        ("valid_days = 2", "valid_days = 0", "valid_days", "greater than or equal to 1"),
        ("valid_days = 2", "valid_days = 32", "valid_days", "less than or equal to 31"),
        ("valid_days = 2", 'valid_days = "2"', "valid_days", "valid integer"),
        ("valid_days = 2", "valid_days = 2\nvalid_weeks = 1", "valid_weeks", "is not a field"),
        ("promise_grace_days = 2", "promise_grace_days = 15", "promise_grace_days", "equal to 14"),
        ("low_from = 0.60", "low_from = 1.0", "tiers.cure.low_from", "less than 1"),
        ("low_from = 0.60", "low_from = nan", "tiers.cure.low_from", "finite"),
        ("low_from = 0.60", "low_from = 0.30", "tiers.cure.high_below", "below low_from (0.3)"),
        ("high_below = 0.80", "high_below = 0.96", "tiers.early_warning.high_below", "low_from"),
        (
            "probability_below = 0.10",
            "probability_below = 0.31",
            "tiers.doubtful.probability_below",
            "tiers.cure.high_below (0.3)",
        ),
        ('stage_from = "M3"', 'stage_from = "M5"', "tiers.doubtful.stage_from", "'M4+'"),
        ("amount_from = 0", "amount_from = -1", "tiers.doubtful.amount_from", "equal to 0"),
        ("[tiers.doubtful]", "[doubtful]", "tiers.doubtful", "is missing"),
        ("channels = []", 'channels = ["sms"]', "ladder.none.channels[0]", "level remind"),
        ('treatment = "wait"', 'treatment = "remind"', "ladder.none.treatment", "level remind"),
        ('treatment = "remind"', 'treatment = "wait"', "ladder.remind.treatment", "no contact"),
        (
            'treatment = "remind"',
            'treatment = "escalate"',
            "ladder.remind.treatment",
            "level escalate",
        ),
        ('["sms", "push", "email"]', '["sms", "call"]', "ladder.remind.channels[1]", "level call"),
        ('["call", "sms", "email"]', '["call", "visit"]', "ladder.call.channels[1]", "escalate"),
        ('["sms", "push", "email"]', '["sms", "sms"]', "ladder.remind.channels[1]", "twice"),
        ('["sms", "push", "email"]', "[]", "ladder.remind.channels", "no way to make contact"),
        ('["sms", "push", "email"]', '"sms"', "ladder.remind.channels", "should be a list"),
        (
            '["call", "letter", "visit", "agency", "legal"]',
            '["visit"]',
            "ladder.escalate.channels",
            "no visit has been agreed",
        ),
        ('["sms", "push", "email"]', '["fax"]', "ladder.remind.channels[0]", "'sms'"),
        (
            'M2 = { lowest = "remind", highest = "intensive" }',
            'M2 = { lowest = "intensive", highest = "remind" }',
            "stages.M2.lowest",
            "above the stage's highest level (remind)",
        ),
        ('M1 = { low = "remind",', 'M1 = { low = "intensive",', "table.M1.low", "highest level"),
        (
            '"M4+" = { low = "call",',
            '"M4+" = { low = "none",',
            'table."M4+".low',
            "lowest level is remind",
        ),
        ('M1 = { low = "remind",', 'M1 = { low = "gentle",', "table.M1.low", "'remind'"),
        ('M1 = { low = "remind",', "M1 = {", "table.M1.low", "is missing"),
        ("[table]", "[table]\nM5 = {}", "table.M5", "is not a field"),
        ("[table]", "[other]", "table", "is missing"),
    ],
)
def test_each_mistake_is_named_with_its_place(old: str, new: str, where: str, problem: str) -> None:
    found = mistakes(packaged_with(old, new))
    assert where in found
    assert problem in found[where].problem
    assert all(place and mistake.remedy for place, mistake in found.items())


def test_doubtful_may_reach_up_to_high() -> None:
    text = packaged_with("probability_below = 0.10", "probability_below = 0.30")
    assert parse_policy(text.encode(), "mine.toml").tiers.doubtful.probability_below == 0.3


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("part", ["stages", "table"])
def test_every_stage_must_be_present(stage: str, part: str) -> None:
    lines = PACKAGED.decode().splitlines()
    key = f'"{stage}"' if stage == "M4+" else stage
    after = lines.index(f"[{part}]")
    line = next(n for n in range(after, len(lines)) if lines[n].startswith(f"{key} = "))
    place = f"{part}.{key}"
    assert mistakes("\n".join(lines[:line] + lines[line + 1 :]))[place].problem == "is missing"


def test_all_mistakes_are_named_at_once() -> None:
    text = packaged_with("valid_days = 2", "valid_days = 0\nextra = 1")
    text = text.replace("low_from = 0.60", "low_from = 0.2")
    text = text.replace('stage_from = "M3"', "")
    text = text.replace('M3 = { low = "call",', 'M3 = { low = "escalate",')
    text = text.replace('["sms", "push", "email"]', '["sms", "fax", "legal"]')
    assert set(mistakes(text)) == {
        "valid_days",
        "extra",
        "tiers.cure.high_below",
        "tiers.doubtful.stage_from",
        "ladder.remind.channels[1]",
        "ladder.remind.channels[2]",
        "table.M3.low",
    }


def test_the_message_is_bounded() -> None:
    extra = "\n".join(f'unknown_{n} = "{"x" * 1_000}"' for n in range(300))
    key = f'"{"k" * 5_000}\\u001b[31m\\n" = 1'
    with pytest.raises(PolicyError) as caught:
        parse_policy(f"{extra}\n{key}\n{PACKAGED.decode()}".encode(), "mine.toml")
    assert len(caught.value.mistakes) == 301
    assert "and 201 more" in str(caught.value)
    assert len(str(caught.value)) < 40_000
    assert all(len(str(mistake)) < 400 for mistake in caught.value.mistakes)
    assert not any("\x1b" in str(mistake) for mistake in caught.value.mistakes)


def test_an_unsound_policy_cannot_be_made_without_a_file_either() -> None:
    document = deepcopy(DOCUMENT)
    document["table"]["M1"]["low"] = "escalate"
    with pytest.raises(ValidationError, match=r"table\.M1\.low"):
        Policy.model_validate(document)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"name = ", "is not TOML"),
        (b"name = 1\nname = 2", "is not TOML"),
        (b"name = '\xff'", "is not UTF-8 at byte 8"),
        (b"a = " + b"[" * 100_000, "is "),
        (b"", "mistakes"),
    ],
)
def test_what_is_no_policy_file_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        parse_policy(content, "mine.toml")
    assert caught.value.where == "mine.toml"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            load_policy(path)
