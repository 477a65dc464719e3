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
    file: Annotated[Path, typer.Argument(help="The policy file (TOML).", show_default=False)],
    json: Json = False,
) -> None:
    """Explain every mistake in a policy file; of one without mistakes, print name and SHA-256.

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
        print_json({"file": str(file), "mistakes": [_plain(mistake) for mistake in mistakes]})
        raise typer.Exit(BAD_INPUT) from error
    if json:
        print_json(
            {"file": str(file), "mistakes": [], "name": policy.name, "sha256": policy.sha256}
        )
    else:
        out.print(
            f"{file}: policy {policy.name} has no mistakes\nSHA-256 {policy.sha256}",
            markup=False,
            soft_wrap=True,
        )


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
