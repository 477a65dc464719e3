"""Failures that are nobody's input: told in one line, with exit code 1."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from curescore.console import err

FAILED = 1


@contextmanager
def told() -> Iterator[None]:
    """Tell what keeps the database or the models from being used, and end with exit code 1."""
    from sqlalchemy.exc import SQLAlchemyError

    from service.database import DatabaseError
    from service.reload import ModelsError

    try:
        yield
    except (DatabaseError, ModelsError) as error:
        err.print(f"cannot go on: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(FAILED) from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        err.print(f"the database cannot be used: {reason}", markup=False, soft_wrap=True)
        raise typer.Exit(FAILED) from error
