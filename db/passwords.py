"""Passwords of the roles: what the server is told is the SCRAM verifier, never the password."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Final

import asyncpg

ITERATIONS: Final = 4096
"""What Postgres takes by itself; a random password of 48 hex digits needs no more."""


def verifier(password: str, salt: bytes) -> str:
    """A password (ASCII) as `pg_authid.rolpassword` keeps it (RFC 5803)."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = base64.b64encode(hashlib.sha256(client).digest()).decode()
    server = base64.b64encode(hmac.digest(salted, b"Server Key", "sha256")).decode()
    return f"SCRAM-SHA-256${ITERATIONS}:{base64.b64encode(salt).decode()}${stored}:{server}"


async def set_passwords(admin_dsn: str, passwords: Mapping[str, str]) -> None:
    """Give each role (by name) its password, as the server's superuser; may be run again."""
    connection = await asyncpg.connect(admin_dsn, timeout=10)
    try:
        async with connection.transaction():
            for role, password in passwords.items():
                kept = verifier(password, secrets.token_bytes(16))
                await connection.execute(f"ALTER ROLE {role} PASSWORD '{kept}'")
    finally:
        await connection.close()
