"""What roles of PostgreSQL may do: the service reads and adds, pruning reads and removes.

SQLite has no roles: there, whoever may write the file may do everything.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from features.errors import InputError
from service.database import VERSION_TABLE
from service.tables import METADATA

Rights = Mapping[str, frozenset[str]]

_READ = frozenset({"SELECT"})
_ADD = frozenset({"SELECT", "INSERT"})
_REMOVE = frozenset({"SELECT", "DELETE"})

SERVICE: Rights = {
    "decisions": _ADD,
    "decision_rules": _ADD,
    "generations": _ADD,
    "idempotency": _ADD,
    "recorded_chunks": _ADD,
    "events": _ADD,
    "visits": _ADD,
    "supersessions": _ADD,
    "keys": _READ,
    "key_uses": _ADD | {"UPDATE"},
    "sessions": _ADD | {"UPDATE", "DELETE"},
    "reports": _ADD,
    "pruning_now": _READ,
    VERSION_TABLE: _READ,
}
PRUNE: Rights = {
    "decisions": _REMOVE,
    "decision_rules": _REMOVE,
    "idempotency": _REMOVE,
    "events": _REMOVE,
    "visits": _REMOVE,
    "supersessions": _REMOVE,
    "prunings": _ADD,
    "pruning_now": _ADD | _REMOVE,
    VERSION_TABLE: _READ,
}

PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
CHANGING = ("UPDATE", "DELETE", "TRUNCATE")
_NONE: frozenset[str] = frozenset()

# What numbers the rows of a table, quoted as needed.
_SEQUENCES = sa.text(
    "SELECT objid::regclass::text FROM pg_depend d JOIN pg_class c ON c.oid = d.objid "
    "WHERE c.relkind = 'S' AND d.deptype = 'a' AND d.refobjid = CAST(:table AS regclass)"
)


def grant(engine: sa.Engine, roles: Mapping[str, Rights]) -> None:
    """Give each role exactly these rights on the tables, all or nothing; safe to repeat.

    InputError for a role that is not there, or that could do more all the same: a superuser,
    a member of the owner, or one with rights through PUBLIC or another role.
    """
    with engine.begin() as connection:
        for role, rights in roles.items():
            _require_plain(connection, role)
            _give(connection, role, rights)
            _require_exact(connection, role, rights)


def changing(engine: sa.Engine) -> list[str]:
    """What the role of `engine` may do to recorded decisions, of CHANGING; none in SQLite."""
    if engine.dialect.name == "sqlite":
        return []
    query = sa.text("SELECT has_table_privilege('decisions', :privilege)")
    with engine.connect() as connection:
        return [
            privilege
            for privilege in CHANGING
            if connection.execute(query, {"privilege": privilege}).scalar()
        ]


def _tables() -> list[str]:
    return [*METADATA.tables, VERSION_TABLE]


def _require_plain(connection: sa.Connection, role: str) -> None:
    found = connection.execute(
        sa.text(
            "SELECT r.rolsuper, pg_has_role(r.oid, t.relowner, 'MEMBER') AS owner FROM pg_roles r "
            "JOIN pg_class t ON t.oid = 'decisions'::regclass WHERE r.rolname = :role"
        ),
        {"role": role},
    ).first()
    if found is None:
        remedy = "Make it first: CREATE ROLE name LOGIN PASSWORD '…'"
        raise InputError("role", "is not there", remedy, role)
    if found.rolsuper or found.owner:
        kind = "a superuser" if found.rolsuper else "the tables' owner or a member of it"
        raise InputError("role", f"is {kind}, whom no grant can bind", "Name another", role)


def _give(connection: sa.Connection, role: str, rights: Rights) -> None:
    quote = connection.dialect.identifier_preparer.quote_identifier
    name = quote(role)
    schema = connection.execute(sa.text("SELECT current_schema()")).scalar_one()
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {name}")
    for table in _tables():
        connection.exec_driver_sql(f"REVOKE ALL ON TABLE {quote(table)} FROM {name}")
    for table, privileges in rights.items():
        given = ", ".join(sorted(privileges))
        connection.exec_driver_sql(f"GRANT {given} ON TABLE {quote(table)} TO {name}")
        if "INSERT" in privileges:
            for sequence in connection.execute(_SEQUENCES, {"table": table}).scalars():
                connection.exec_driver_sql(f"GRANT USAGE ON SEQUENCE {sequence} TO {name}")


def _require_exact(connection: sa.Connection, role: str, rights: Rights) -> None:
    query = sa.text("SELECT has_table_privilege(:role, :table, :privilege)")
    for table in _tables():
        for privilege in PRIVILEGES:
            asked = {"role": role, "table": table, "privilege": privilege}
            wanted = privilege in rights.get(table, _NONE)
            if connection.execute(query, asked).scalar_one() != wanted:
                problem = f"may {privilege} on {table}, through PUBLIC or another role"
                raise InputError("role", problem, "Revoke that first", role)
