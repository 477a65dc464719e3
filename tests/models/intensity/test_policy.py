"""The policy file: the packaged one loads, and every mistake in another is explained."""

import hashlib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from features.errors import InputError
from features.tables import CHANNELS
from models.intensity.ladder import (
    CALL,
    INTENSIVE,
    LOWEST_LEVEL_OF_CHANNEL,
    NONE,
    REMIND,
    RESOURCES,
)
from models.intensity.mistakes import PolicyError
from models.intensity.policy import (
    Policy,
    load_policy,
    parse_policy,
    policy_content,
    policy_schema,
)
from models.stage import STAGES
from tests.policies import DOCUMENT, PACKAGED


def mistakes(text: str) -> dict[str, InputError]:
    """Place → mistake, of a policy that must be refused."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(text.encode(), "mine.toml")
    for mistake in caught.value.mistakes[: PolicyError.LISTED]:
        assert str(mistake) in str(caught.value)
    return {mistake.where: mistake for mistake in caught.value.mistakes}


def text_with(old: str, new: str) -> str:
    text = PACKAGED.decode()
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_the_packaged_policy_keeps_each_stage_within_what_is_meant_for_it() -> None:
    policy = load_policy()
    highest = dict(zip(STAGES, policy.numbers.highest.tolist(), strict=True))
    assert highest["pre_due"] <= REMIND
    assert highest["M1"] <= CALL
    assert max(highest["M2"], highest["M3"]) <= INTENSIVE
    assert policy.rungs[NONE].channels == ()
    assert tuple(policy.rungs[REMIND].channels) == ("sms", "push", "email")


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


def test_amounts_are_brought_to_a_listed_currency_and_to_no_other() -> None:
    policy = load_policy()
    assert policy.rate("USD") == 1
    assert policy.rate("TWD") == 31
    with pytest.raises(InputError, match=r"no rate .*'XXX'.*CNY.*\[currencies\]"):
        policy.rate("XXX")


def described(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[str]:
    for name, field in part.get("properties", {}).items():
        reference = field.get("$ref") or field.get("anyOf", [{}])[0].get("$ref")
        inner = schema["$defs"][reference.rsplit("/", 1)[1]] if reference else {}
        assert field.get("description", inner.get("description")), name
        yield name
        yield from described(schema, inner)


def test_the_json_schema_describes_each_field() -> None:
    schema = policy_schema()
    names = set(described(schema, schema))
    wanted = {"schema_version", "valid_days", "promise_grace_days", "low_from", "amount_from"}
    wanted |= {"contacts_per_week", "unit_cost", "treatment", "lowest", "M4+", "doubtful"}
    wanted |= {"annoyance_per_contact", "margin", "currencies", "odds_ratios", "low_below"}
    wanted |= {"exploration", "experiment", "key", "share", "challenger_share"}
    assert wanted <= names
    for part in (schema, *schema["$defs"].values(), schema["properties"]["currencies"]):
        assert part["additionalProperties"] is False
    rung = schema["$defs"]["Rung"]["properties"]
    assert rung["contacts_per_week"]["propertyNames"]["enum"] == list(CHANNELS)
    assert rung["use_per_week"]["propertyNames"]["enum"] == list(RESOURCES)


REMINDER = "{ sms = 0.5, push = 0.5, email = 0.25 }"
CALLS = "{ call = 1, sms = 0.5, email = 0.25 }"
FORMAL = "{ letter = 0.5, call = 1.5, visit = 0.1, agency = 0.25, legal = 0.1 }"
NOTHING = "contacts_per_week = {}\nunit_cost = 0\nuse_per_week = {}"
LOGGING = "M1 = [0.22, 0.42, 0.24, 0.10, 0.02]"
RATIOS = "low = [1.15, 1.25, 1.20, 1.10]"


@pytest.mark.parametrize(
    ("old", "new", "where", "problem"),
    [
        ("schema_version = 2", "schema_version = 3", "schema_version", "should be 2"),
        ("schema_version = 2", "", "schema_version", "is missing"),
        ('name = "default"', 'name = "my policy"', "name", "pattern"),
        ("valid_days = 2", "valid_days = 0", "valid_days", "greater than or equal to 1"),
        ("valid_days = 2", "valid_days = 32", "valid_days", "less than or equal to 31"),
        ("valid_days = 2", 'valid_days = "2"', "valid_days", "valid integer"),
        ("valid_days = 2", "valid_days = 2\nvalid_weeks = 1", "valid_weeks", "is not a field"),
        ("promise_grace_days = 2", "promise_grace_days = 15", "promise_grace_days", "equal to 14"),
        ('advisory_rules = "apply"', 'advisory_rules = "no"', "advisory_rules", "'tell'"),
        ("USD = 1.0", "usd = 1.0", "currencies.usd", "cannot stand here"),
        ("USD = 1.0", "USD = 0", "currencies.USD", "equal to 0.000001"),
        ("USD = 1.0", "USD = inf", "currencies.USD", "finite"),
        ("USD = 1.0", "USD = true", "currencies.USD", "valid number"),
        ("[currencies]", "[currencies]\n[other]", "currencies", "is empty"),
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
        ("contact = 0.10", "contact = -0.1", "value.annoyance_per_contact", "equal to 0"),
        ("margin = 0.40", "margin = 0", "value.cure.margin", "greater than 0"),
        ("margin = 0.40", "margin = 1.01", "value.cure.margin", "less than or equal to 1"),
        ('of = "past_due"', 'of = "limit"', "value.cure.of", "'past_due' or 'balance'"),
        (
            'of = "balance"\nmargin = 0.02',
            'of = "past_due"\nmargin = 0.02',
            "value.early_warning.of",
            "should be 'balance'",
        ),
        (
            NOTHING,
            NOTHING.replace("{}", "{ sms = 1 }", 1),
            "ladder.none.contacts_per_week.sms",
            "level remind",
        ),
        (NOTHING, NOTHING.replace("0", "1"), "ladder.none.unit_cost", "must be 0"),
        (
            NOTHING,
            NOTHING.replace("use_per_week = {}", "use_per_week = { letters = 1 }"),
            "ladder.none.use_per_week.letters",
            "must not be used",
        ),
        ('treatment = "wait"', 'treatment = "remind"', "ladder.none.treatment", "level remind"),
        ('treatment = "remind"', 'treatment = "wait"', "ladder.remind.treatment", "no contact"),
        (
            'treatment = "remind"',
            'treatment = "escalate"',
            "ladder.remind.treatment",
            "level escalate",
        ),
        (
            REMINDER,
            "{ sms = 1, call = 1 }",
            "ladder.remind.contacts_per_week.call",
            "level call or above",
        ),
        (
            CALLS,
            "{ call = 1, visit = 1 }",
            "ladder.call.contacts_per_week.visit",
            "level escalate or above",
        ),
        (REMINDER, "{}", "ladder.remind.contacts_per_week", "names no channel"),
        (REMINDER, '["sms"]', "ladder.remind.contacts_per_week", "should be a table"),
        (REMINDER, "{ sms = 0 }", "ladder.remind.contacts_per_week.sms", "greater than 0"),
        (REMINDER, "{ sms = 22 }", "ladder.remind.contacts_per_week.sms", "equal to 21"),
        (REMINDER, "{ fax = 1 }", "ladder.remind.contacts_per_week.fax", "cannot stand here"),
        (
            FORMAL,
            "{ visit = 0.1, letter = 1 }",
            "ladder.escalate.contacts_per_week.visit",
            "comes first",
        ),
        ("unit_cost = 1.40", "unit_cost = -1", "ladder.call.unit_cost", "equal to 0"),
        ("unit_cost = 1.40", "", "ladder.call.unit_cost", "is missing"),
        (
            "{ agent_minutes = 5 }",
            "{ agent_minutes = 5, visits = 1 }",
            "ladder.call.use_per_week.visits",
            "no contacts by visit",
        ),
        (
            "{ agent_minutes = 20, letters = 0.25 }",
            "{ agent_minutes = 20 }",
            "ladder.intensive.use_per_week.letters",
            "has contacts by letter",
        ),
        (
            "{ agent_minutes = 5 }",
            "{ agent_minutes = 1e-9 }",
            "ladder.call.use_per_week.agent_minutes",
            "too little to be counted",
        ),
        ("low_from = 0.60", f"low_from = -1{'0' * 400}", "tiers.cure.low_from", "valid number"),
        (
            "{ agent_minutes = 5 }",
            "{ minutes = 5 }",
            "ladder.call.use_per_week.minutes",
            "cannot stand here",
        ),
        (
            'M2 = { lowest = "remind", highest = "intensive" }',
            'M2 = { lowest = "intensive", highest = "remind" }',
            "stages.M2.lowest",
            "above the stage's highest level (remind)",
        ),
        ('M1 = { lowest = "none"', 'M1 = { lowest = "gentle"', "stages.M1.lowest", "'remind'"),
        ("[stages]", "[stages]\nM5 = {}", "stages.M5", "is not a field"),
        (LOGGING, LOGGING.replace("22", "23"), "response.logging.M1", "these sum to 1.01"),
        (LOGGING, LOGGING.replace("0.22", "nan"), "response.logging.M1[0]", "finite"),
        (LOGGING, "M1 = [0.5, 0.5]", "response.logging.M1", "should have 5 entries, not 2"),
        (LOGGING, "M1 = [1.2, -0.2, 0, 0, 0]", "response.logging.M1[1]", "equal to 0"),
        (RATIOS, "low = [1.1, 1.2, 1.3]", "response.odds_ratios.M1.low", "4 entries, not 3"),
        (RATIOS, "low = [1, 1, 1, 1, 1]", "response.odds_ratios.M1.low", "4 entries, not 5"),
        (
            RATIOS,
            "low = [0, 1, 1, 1]",
            "response.odds_ratios.M1.low[0]",
            "equal to 0.05",
        ),
        (RATIOS, "low = [1, 1, 1, 20.1]", "response.odds_ratios.M1.low[3]", "equal to 20"),
        (RATIOS, "low = [1, inf, 1, 1]", "response.odds_ratios.M1.low[1]", "finite"),
        (RATIOS, "", "response.odds_ratios.M1.low", "is missing"),
        ("[response]", "[response]\nyear = 2026", "response.year", "is not a field"),
        ("low_below = 25", "low_below = 101", "treatment.low_below", "equal to 100"),
        ("plan_months = 12", "plan_months = 0", "treatment.plan_months", "equal to 1"),
        ("[treatment]", "[other]", "treatment", "is missing"),
    ],
)
def test_each_mistake_is_named_with_its_place(old: str, new: str, where: str, problem: str) -> None:
    found = mistakes(text_with(old, new))
    assert where in found
    assert problem in found[where].problem
    assert all(place and mistake.remedy for place, mistake in found.items())


def test_doubtful_may_reach_up_to_high() -> None:
    text = text_with("probability_below = 0.10", "probability_below = 0.30")
    assert parse_policy(text.encode(), "mine.toml").tiers.doubtful.probability_below == 0.3


@pytest.mark.parametrize(
    ("old", "new", "where", "remedy"),
    [
        ("[currencies]", "[currencies]\nvalid_days = 2", "currencies.valid_days", "at the top of"),
        ("unit_cost = 1.40", "unit_costs = 1", "ladder.call.unit_costs", "Did you mean unit_cost?"),
        (REMINDER, "{ smss = 1 }", "ladder.remind.contacts_per_week.smss", "Did you mean sms?"),
        (
            "{ agent_minutes = 5 }",
            "{ agent_minute = 5 }",
            "ladder.call.use_per_week.agent_minute",
            "Did you mean agent_minutes?",
        ),
        ("[stages]", "[stages]\nX = 1", "stages.X", "use: pre_due, M1, M2, M3, M4+."),
        ("USD = 1.0", "Dollar = 1.0", "currencies.Dollar", "three capital letters"),
        (LOGGING, "M1 = [0.5, 0.5]", "response.logging.M1", "which sum to 1"),
        (RATIOS, "low = [0, 1, 1, 1]", "response.odds_ratios.M1.low[0]", "over 0 and at most 20"),
        ("[response.odds_ratios.M1]", "[response.M1]", "response.odds_ratios.M1", "for each tier"),
    ],
)
def test_the_remedy_says_what_may_stand_there(old: str, new: str, where: str, remedy: str) -> None:
    assert remedy in mistakes(text_with(old, new))[where].remedy


def test_a_list_is_not_called_short_for_its_wrong_entries() -> None:
    found = mistakes(text_with(LOGGING, 'M1 = ["a", 0.4, 0.2, 0.2, true]'))
    assert set(found) == {"response.logging.M1[0]", "response.logging.M1[4]"}
    long = mistakes(text_with(LOGGING, 'M1 = ["a", "b", 0.2, 0.2, 0.2, 0.2]'))
    assert "should have 5 entries, not 6" in long["response.logging.M1"].problem


def test_one_thing_wrong_is_one_mistake() -> None:
    used = NOTHING.replace("use_per_week = {}", "use_per_week = { letters = 1 }")
    with pytest.raises(PolicyError) as caught:
        parse_policy(text_with(NOTHING, used).encode(), "mine.toml")
    assert [mistake.where for mistake in caught.value.mistakes] == [
        "ladder.none.use_per_week.letters"
    ]


def test_shares_may_miss_their_sum_by_what_decimals_cannot_say() -> None:
    thirds = "M1 = [0.3333333333, 0.3333333333, 0.3333333333, 0, 0]"
    policy = parse_policy(text_with(LOGGING, thirds).encode(), "mine.toml")
    shares = policy.numbers.logging[STAGES.index("M1")]
    assert abs(shares.sum() - 1) <= 1e-15
    assert "response.logging.M1" in mistakes(
        text_with(LOGGING, thirds.replace("0.3333333333, 0,", "0.33333333, 0,"))
    )


def test_the_layout_before_this_one_gets_one_mistake_that_says_what_changed() -> None:
    old = 'schema_version = 1\nname = "mine"\n[table]\nM1 = { low = "none" }\n'
    (mistake,) = mistakes(old).values()
    assert mistake.where == "schema_version"
    assert "it is 2 now" in mistake.problem
    for part in ("table is gone", "contacts_per_week", "currencies", "response"):
        assert part in mistake.remedy


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    "part", [("stages",), ("response", "logging"), ("response", "odds_ratios")]
)
def test_every_stage_must_be_present(stage: str, part: tuple[str, ...]) -> None:
    document = deepcopy(DOCUMENT)
    inner = document
    for step in part:
        inner = inner[step]
    del inner[stage]
    with pytest.raises(ValidationError, match=rf"{'.'.join(part)}\.{stage.replace('+', '.')}\n"):
        Policy.model_validate(document)


def test_all_mistakes_are_named_at_once() -> None:
    text = text_with("valid_days = 2", "valid_days = 0\nextra = 1")
    text = text.replace("low_from = 0.60", "low_from = 0.2")
    text = text.replace('stage_from = "M3"', "")
    text = text.replace('M3 = { lowest = "remind"', 'M3 = { lowest = "escalate"')
    text = text.replace(REMINDER, "{ sms = 1, fax = 1, legal = 1 }")
    text = text.replace(LOGGING, LOGGING.replace("0.22", "0.32"))
    assert set(mistakes(text)) == {
        "valid_days",
        "extra",
        "tiers.cure.high_below",
        "tiers.doubtful.stage_from",
        "ladder.remind.contacts_per_week.fax",
        "ladder.remind.contacts_per_week.legal",
        "stages.M3.lowest",
        "response.logging.M1",
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
    document["stages"]["M1"]["lowest"] = "escalate"
    with pytest.raises(ValidationError, match=r"stages\.M1\.lowest"):
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


def test_a_number_of_thousands_of_digits_is_told_as_a_mistake() -> None:
    content = PACKAGED.replace(b"valid_days = 2", b"valid_days = " + b"9" * 5_000)
    with pytest.raises(InputError, match="is not TOML"):
        parse_policy(content, "policy.toml")


# --- Exploration


def exploring(**changes: str | None) -> str:
    """The packaged policy with its example of exploration, in TOML, lines changed or left out."""
    lines = {
        "experiment": '"autumn-2026"',
        "key": '"a secret of the tests"',
        "share": "0.05",
        "challenger_share": "0.1",
    } | changes
    given = "\n".join(f"{name} = {value}" for name, value in lines.items() if value is not None)
    return f"{PACKAGED.decode()}\n[exploration]\n{given}\n"


def test_nobody_takes_part_by_default() -> None:
    assert load_policy().exploration is None


def test_the_packaged_example_is_sound_once_it_is_made_part_of_the_file_with_a_key() -> None:
    text = PACKAGED.decode()
    start = text.index("# [exploration]")
    example = "\n".join(line.removeprefix("# ") for line in text[start:].splitlines())
    text = text[:start] + example
    assert set(mistakes(text)) == {"exploration.key"}  # nobody's is known to everybody
    text = text.replace('key = "..."', 'key = "a secret of the tests"')
    drawing = parse_policy(text.encode(), "mine.toml").exploration
    assert drawing is not None
    assert (drawing.experiment, drawing.share) == ("autumn-2026", 0.05)
    assert drawing.challenger_share == 0


def test_the_challenger_s_share_may_be_left_out() -> None:
    text = exploring(challenger_share=None)
    drawing = parse_policy(text.encode(), "mine.toml").exploration
    assert drawing is not None
    assert drawing.challenger_share == 0


@pytest.mark.parametrize(
    ("changes", "where", "problem"),
    [
        ({"experiment": None}, "exploration.experiment", "is missing"),
        ({"experiment": '"two words"'}, "exploration.experiment", "pattern"),
        ({"key": None}, "exploration.key", "is missing"),
        ({"key": '"fifteen letters"'}, "exploration.key", "at least 16 characters"),
        ({"key": f'"{"k" * 129}"'}, "exploration.key", "at most 128 characters"),
        ({"key": "1234567890123456"}, "exploration.key", "valid string"),
        ({"share": "0.51"}, "exploration.share", "less than or equal to 0.5"),
        ({"share": "-0.01"}, "exploration.share", "greater than or equal to 0"),
        ({"share": "nan"}, "exploration.share", "finite"),
        ({"share": '"5%"'}, "exploration.share", "valid number"),
        ({"challenger_share": "0.6"}, "exploration.challenger_share", "less than or equal to"),
        (
            {"share": "0.5", "challenger_share": "0.41"},
            "exploration.challenger_share",
            "is 0.91 together with share",
        ),
        ({"shares": "0.1"}, "exploration", "Did you mean share?"),
    ],
)
def test_each_mistake_of_exploration_is_explained(
    changes: dict[str, str | None], where: str, problem: str
) -> None:
    found = mistakes(exploring(**changes))
    assert set(found) == {where}
    assert problem in str(found[where])
    assert found[where].remedy


def test_the_largest_shares_go_together() -> None:
    parse_policy(exploring(share="0.5", challenger_share="0.4").encode(), "mine.toml")


def test_exploration_is_a_part_and_no_number() -> None:
    text = f"exploration = 5\n{PACKAGED.decode()}"
    assert "should be a table" in str(mistakes(text)["exploration"])


def test_the_key_is_not_repeated() -> None:
    """Neither by a mistake in it, nor by one beside it, nor where the policy is written out."""
    short, other = exploring(key='"c0nfidential"'), exploring(share="0.7")
    for text, secret in ((short, "c0nfidential"), (other, "a secret of the tests")):
        with pytest.raises(PolicyError) as caught:
            parse_policy(text.encode(), "mine.toml")
        told = f"{caught.value} {caught.value.mistakes} {caught.value.__cause__}"
        assert secret not in told
        assert all(mistake.value != repr(secret) for mistake in caught.value.mistakes)
    policy = parse_policy(exploring().encode(), "mine.toml")
    assert "a secret of the tests" not in f"{policy!r} {policy}"


SECRET = "c0nfidential-0f-the-tests"
LEAKS = {
    "a list of tables": f'{{}}\n[[exploration]]\nkey = "{SECRET}"\n',
    "a string": f'exploration = "key={SECRET}"\n{{}}',
    "a field's name": f'{{}}\n[exploration]\n{SECRET} = "key"\n',
    "a table's name": f"{{}}\n[exploration.{SECRET}]\n",
    "in place of a share": f'{{}}\n[exploration]\nshare = "{SECRET}"\n',
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_nothing_of_a_malformed_exploration_is_repeated(tmp_path: Path, leak: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(leak.replace("{}", PACKAGED.decode(), 1))
    with pytest.raises(PolicyError, match="exploration") as caught:
        load_policy(path)
    assert SECRET not in f"{caught.value} {caught.value.mistakes}"
    found = [m for m in caught.value.mistakes if m.where.startswith("exploration")]
    assert found
    assert all(m.value is None and m.remedy for m in found)


# --- Folders


def test_a_folder_holds_a_policy_file(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_bytes(PACKAGED)
    policy = load_policy(tmp_path)
    assert policy == load_policy()
    assert policy.sha256 == hashlib.sha256(PACKAGED).hexdigest()
    assert policy.estimate is None
    assert policy_content(tmp_path) == PACKAGED


def test_a_mistake_in_a_folder_s_policy_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_bytes(b"name = ")
    with pytest.raises(InputError) as caught:
        load_policy(tmp_path)
    assert caught.value.where == str(tmp_path / "policy.toml")


def test_without_an_estimate_every_effect_is_assumed() -> None:
    policy = load_policy()
    assert policy.response_models == ("assumed",) * len(STAGES)
    for because in policy.assumed_because:
        assert because == (None, *["no_estimate"] * 4)


class Estimated:
    """What a policy reads of an estimate: levels 1 and 2 of M1 and M2 are estimated."""

    estimated = np.zeros((5, 5), np.bool_)
    estimated[1:3, 1:3] = True

    def why(self, stage: int, level: int) -> str | None:
        return None if self.estimated[stage, level] else "never_tried"


def test_a_stage_s_response_is_estimated_where_all_its_levels_are() -> None:
    policy = Policy.model_validate(DOCUMENT)
    policy._estimate = Estimated()
    # M1 goes up to call, M2 to intensive.
    assert policy.response_models == ("assumed", "estimated", "assumed", "assumed", "assumed")
    assert policy.assumed_because[1] == (None, None, None, "never_tried", "never_tried")
    assert policy.numbers.estimated.sum() == 4
