"""`curescore`: the command and its groups."""

import sys
from typing import Annotated

import typer

from curescore import (
    __version__,
    data,
    db,
    export,
    features,
    keys,
    kpi,
    monitor,
    policy,
    promote,
    prune,
    replay,
    score,
    serve,
    sign,
    train,
    up,
)
from curescore.console import err
from curescore.failures import told
from features.errors import InputError

BAD_INPUT = 2

app = typer.Typer(
    help="Decides how hard to contact a late account: how likely it is to cure, "
    "which contact level is allowed, and why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(data.import_app, name="import")
app.command()(data.simulate)
app.command()(train.train)
app.command()(train.evaluate)
app.command()(promote.promote)
app.command()(promote.rollback)
app.command()(monitor.monitor)
app.command()(kpi.kpi)
app.command()(features.features)
app.add_typer(policy.policy_app, name="policy")
app.command()(score.score)
app.command()(serve.serve)
app.command()(replay.replay)
app.command()(export.export)
app.add_typer(keys.keys_app, name="keys")
app.add_typer(sign.sign_app, name="sign")
app.add_typer(db.db_app, name="db")
app.command()(prune.prune)
app.command()(up.up)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"curescore {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Entry point of all commands."""


def run() -> None:
    """Run the command line, without a traceback for what is no defect of it.

    Bad input ends with exit code 2 and its message on stderr; what keeps a file, the database
    or the models from being used with 1.
    """
    try:
        with told():
            app()
    except InputError as error:
        err.print(f"bad input: {error}", markup=False, soft_wrap=True)
        sys.exit(BAD_INPUT)
    except typer.Exit as end:
        sys.exit(end.exit_code)


if __name__ == "__main__":
    run()
