"""Lent databases, and the functions over them."""

from tests.flow.conftest import world
from tests.lent import databases, lent

__all__ = ["databases", "lent", "world"]
