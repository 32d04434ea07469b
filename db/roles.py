"""Databases and roles: who may do what, and how long a statement may take.

`*_owner` migrates, `*_app` is the functions', `*_relay` sees the outbox and the stuck view only,
`*_maintainer` may run the schema's upkeep functions and see no row.
Run once by a superuser, again at any time: every statement may be repeated.
"""

from typing import Final

SHORT_NAMES: Final = ("students", "tutors", "matching")

_TIMEOUTS: Final = {
    "app": {
        "statement_timeout": "5s",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "10s",
    },
    "relay": {"statement_timeout": "30s", "idle_in_transaction_session_timeout": "60s"},
    "maintainer": {"statement_timeout": "60s", "idle_in_transaction_session_timeout": "60s"},
    "owner": {},
}


def database_of(short: str) -> str:
    """The database's name: `students_db`."""
    return f"{short}_db"


def role_of(short: str, duty: str) -> str:
    """The role's name: `students_app`."""
    return f"{short}_{duty}"


def create_roles(short: str) -> list[str]:
    """Statements for the server: roles that may log in (CREATE DATABASE stands alone)."""
    return [
        f"DO $$ BEGIN CREATE ROLE {role_of(short, duty)} LOGIN;"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        for duty in _TIMEOUTS
    ]


def create_database(short: str) -> str:
    """The database, owned by its migrator."""
    return f"CREATE DATABASE {database_of(short)} OWNER {role_of(short, 'owner')}"


def restrict(short: str, database: str | None = None) -> list[str]:
    """Time-outs per role, and nobody else may connect."""
    name = database or database_of(short)
    duties = ", ".join(role_of(short, duty) for duty in _TIMEOUTS)
    settings = [
        f"ALTER ROLE {role_of(short, duty)} IN DATABASE {name} SET {setting} = '{value}'"
        for duty, limits in _TIMEOUTS.items()
        for setting, value in limits.items()
    ]
    return [
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO {duties}",
        *settings,
    ]
