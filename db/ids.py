"""New ids: opaque, random, unique everywhere."""

from uuid import uuid4


def new_id() -> str:
    """32 hexadecimal digits."""
    return uuid4().hex
