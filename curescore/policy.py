"""`curescore policy`: commands about policy files."""

from pathlib import Path
from typing import Annotated

import typer

from curescore.console import Json, out, print_json
from features.errors import InputError

BAD_INPUT = 2

policy_app = typer.Typer(no_args_is_help=True, help="Check policy files.")


@policy_app.callback()
def _group() -> None:
    """Policy files say which contact intensity an account gets before any rule."""


@policy_app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The policy file (TOML).", show_default=False)],
    json: Json = False,
) -> None:
    """Explain every mistake in a policy file; without one, print its name and SHA-256.

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


def _plain(mistake: InputError) -> dict[str, str | None]:
    return {
        "where": mistake.where,
        "problem": mistake.problem,
        "value": mistake.value,
        "remedy": mistake.remedy,
    }
