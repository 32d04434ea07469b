"""Databases and roles: who may do what, and how long a statement may take.

`*_owner` migrates, `*_app` is the functions', `*_relay` sees the outbox and the stuck view only,
`*_maintainer` may run the schema's upkeep functions and see no row; `matching_trainer` reads the
history of matches and keeps the models.
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
    "trainer": {
        "statement_timeout": "60s",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "60s",
    },
}
_ONLY_FOR: Final = {"trainer": ("matching",)}
"""Duties that not every database has."""


def database_of(short: str) -> str:
    """The database's name: `students_db`."""
    return f"{short}_db"


def role_of(short: str, duty: str) -> str:
    """The role's name: `students_app`."""
    return f"{short}_{duty}"


def duties(short: str) -> tuple[str, ...]:
    """What there is to do in a database."""
    return tuple(duty for duty in _TIMEOUTS if short in _ONLY_FOR.get(duty, SHORT_NAMES))


def create_roles(short: str) -> list[str]:
    """Statements for the server: roles that may log in (CREATE DATABASE stands alone)."""
    return [
        f"DO $$ BEGIN CREATE ROLE {role_of(short, duty)} LOGIN;"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        for duty in duties(short)
    ]


def create_database(short: str) -> str:
    """The database, owned by its migrator."""
    return f"CREATE DATABASE {database_of(short)} OWNER {role_of(short, 'owner')}"


def restrict(short: str, database: str | None = None) -> list[str]:
    """Time-outs per role, and nobody else may connect."""
    name = database or database_of(short)
    roles = ", ".join(role_of(short, duty) for duty in duties(short))
    settings = [
        f"ALTER ROLE {role_of(short, duty)} IN DATABASE {name} SET {setting} = '{value}'"
        for duty in duties(short)
        for setting, value in _TIMEOUTS[duty].items()
    ]
    return [
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO {roles}",
        *settings,
    ]
