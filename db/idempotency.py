"""Idempotency keys: the same request sent twice is done once and answered alike."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final


class KeyInFlight(Exception):
    """Another call holds this key right now."""


class KeyReused(Exception):
    """The key was used with another payload."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A client's key for one payload on one route."""

    route: str
    principal: str
    key: str
    payload_hash: str

    @property
    def hash(self) -> int:
        """A signed 64-bit number for the advisory lock."""
        text = f"{self.route}\n{self.principal}\n{self.key}".encode()
        return int.from_bytes(blake2b(text, digest_size=8).digest(), signed=True)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it is kept: enough to say it again, without the body."""

    status: int
    resource_id: str | None
    etag: str | None


CLAIM_KEY: Final = "SELECT * FROM idempotency_claim($1, $2, $3, $4)"
"""Try the key's lock, then look: the function takes a fresh snapshot after the lock is ours."""

ADD_KEY: Final = """
INSERT INTO idempotency (route, principal, key, payload_hash, status, resource_id, etag)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::int, $6::text, $7::text)
"""
