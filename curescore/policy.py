"""`curescore policy`: commands about policy files."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from curescore import policy_estimate, policy_promotion, policy_value
from curescore.console import Json, out, print_json
from features.errors import InputError

if TYPE_CHECKING:  # the models are loaded where a command needs them
    from models.intensity.policy import Policy
    from models.intensity.rules.rule import Rule

BAD_INPUT = 2

policy_app = typer.Typer(
    no_args_is_help=True, help="Check, estimate, compare and promote policies."
)
policy_app.command()(policy_estimate.estimate)
policy_app.command()(policy_value.evaluate)
policy_app.command()(policy_promotion.promote)


@policy_app.callback()
def _group() -> None:
    """Policy files say what contact costs and is worth, and what each stage may get."""


@policy_app.command()
def check(
    file: Annotated[
        Path, typer.Argument(help="The policy file (TOML), or a policy folder.", show_default=False)
    ],
    json: Json = False,
) -> None:
    """Explain every mistake in a policy; of one without mistakes, print what it is.

    That is its name, its SHA-256 and its estimate's, and warnings of what its exploration will
    not show.

    Example: curescore policy check policy.toml
    """
    from models.intensity.mistakes import PolicyError
    from models.intensity.policy import load_policy

    try:
        policy = load_policy(file)
    except InputError as error:
        if not json:
            raise
        mistakes = error.mistakes if isinstance(error, PolicyError) else (error,)
        plain = [_plain(mistake) for mistake in mistakes]
        print_json({"file": str(file), "mistakes": plain, "warnings": []})
        raise typer.Exit(BAD_INPUT) from error
    warnings = _warnings(policy)
    if json:
        told = {"file": str(file), "mistakes": [], "warnings": warnings, "name": policy.name}
        print_json(told | {"sha256": policy.sha256, "estimate_sha256": policy.estimate_sha256})
        return
    found = policy.estimate_sha256
    lines = [
        f"{file}: policy {policy.name} has no mistakes",
        f"SHA-256 {policy.sha256}",
        "no estimate" if found is None else f"estimate's SHA-256 {found}",
        *(f"warning: {warning}" for warning in warnings),
    ]
    out.print("\n".join(lines), markup=False, soft_wrap=True)


def _warnings(policy: "Policy") -> list[str]:
    """What the exploration of a sound policy will not show."""
    from models.intensity.cells import LATE_STAGES, LEAST_PROPENSITY
    from models.intensity.exploration import REACH
    from models.intensity.ladder import LEVEL_NAMES, NONE
    from models.stage import STAGES

    if policy.exploration is None:
        return []
    lowest = dict(zip(STAGES, policy.numbers.lowest.tolist(), strict=True))
    warnings = []
    for level in range(NONE + 1, len(LEVEL_NAMES)):
        stages = [stage for stage in LATE_STAGES if lowest[stage] == level]
        if stages:
            warnings.append(
                f"in {', '.join(stages)} nobody is left alone (lowest is {LEVEL_NAMES[level]}), so "
                "that what contact changes there cannot be estimated: set "
                f'lowest = "{LEVEL_NAMES[NONE]}" in stages that are to be learnt'
            )
    drawn_among = 2 * REACH + 1  # levels at most: the recommended one, and the steps to each side
    chance = policy.exploration.share / drawn_among
    if chance < LEAST_PROPENSITY:
        warnings.append(
            f"a level is drawn with a chance of as little as {100 * chance:.2g}%, and below "
            f"{LEAST_PROPENSITY:.0%} nothing is estimated from it: raise share to "
            f"{drawn_among * LEAST_PROPENSITY:g} or more"
        )
    return warnings


@policy_app.command()
def schema() -> None:
    """Print the JSON Schema of a policy file: every field, its bounds and what it means.

    Example: curescore policy schema > policy.schema.json
    """
    from models.intensity.policy import policy_schema

    print_json(policy_schema())


def _plain(mistake: InputError) -> dict[str, str | None]:
    return {
        "where": mistake.where,
        "problem": mistake.problem,
        "value": mistake.value,
        "remedy": mistake.remedy,
    }


@policy_app.command()
def rules(
    json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print docs/rules.md, the page of the rules.")
    ] = False,
) -> None:
    """Print every rule: what it takes away, where, since when, and its source.

    Example: curescore policy rules
    """
    from models.intensity.rules.book import EVERYWHERE, JURISDICTIONS
    from models.intensity.rules.page import rules_page, says

    if markdown:
        print(rules_page(), end="")
        return
    listed = [
        (where, rule)
        for where, found in {**JURISDICTIONS, "everywhere": EVERYWHERE}.items()
        for rule in found
    ]
    if json:
        print_json([_rule(where, rule, says(rule)) for where, rule in listed])
        return
    table = Table(title=f"{len(listed)} rules")
    for heading in ("where", "rule", "says", "since"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("where", "since"))
    for where, rule in listed:
        force = " (advisory)" if rule.advisory else ""
        since = str(rule.effective_from or "")
        table.add_row(where, rule.id, f"{says(rule)}{force}", since)
    out.print(table)


def _rule(where: str, rule: "Rule", says: str) -> dict[str, Any]:
    return {
        "jurisdiction": where,
        "kind": type(rule).__name__.lower(),
        "says": says,
        **asdict(rule),
        "effective_from": rule.effective_from and rule.effective_from.isoformat(),
    }
