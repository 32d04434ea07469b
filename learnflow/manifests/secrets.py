"""The Secrets that the manifests name: one for each role of each database.

`learnflow cluster up` makes them where they are absent; in production external-secrets does.
"""

import secrets
from collections.abc import Callable
from typing import Any, Final

from db.roles import SHORT_NAMES, database_of, duties, role_of

NAMESPACE: Final = "learnflow"
SUPERUSER: Final = "superuser"
CREDENTIALS: Final = ("username", "password", "url")
BY_DUTY: Final = {"app": (*CREDENTIALS, "direct-url", "replica-url", "userlist.txt")}
"""Functions come through the pooler (`url`), streams do not (`direct-url`)."""


def new_password() -> str:
    """A password that needs no escaping in an address or in PgBouncer's list."""
    return secrets.token_hex(24)


def names() -> dict[str, tuple[str, ...]]:
    """Every Secret of the databases with its keys."""
    return {
        f"{short}-db-{duty}": BY_DUTY.get(duty, CREDENTIALS)
        for short in SHORT_NAMES
        for duty in (SUPERUSER, *duties(short))
    }


def secret_of(name: str, password: str) -> dict[str, Any]:
    """The Secret of this name (one of `names`), as a manifest."""
    short, _, duty = name.partition("-db-")
    user = "postgres" if duty == SUPERUSER else role_of(short, duty)
    database = "postgres" if duty == SUPERUSER else database_of(short)

    def url(host: str) -> str:
        return f"postgresql://{user}:{password}@{short}-db-{host}:5432/{database}"

    said = {
        "username": user,
        "password": password,
        "url": url("pooler" if duty == "app" else "rw"),
        "direct-url": url("rw"),
        "replica-url": url("ro"),
        "userlist.txt": f'"{user}" "{password}"\n',
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/basic-auth",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "stringData": {key: said[key] for key in names()[name]},
    }


def absent(
    present: set[str], password: Callable[[], str] = new_password
) -> tuple[dict[str, Any], ...]:
    """The Secrets that are missing beside those present, each with a password of its own."""
    return tuple(secret_of(name, password()) for name in names() if name not in present)
