"""Lent databases."""

from tests.lent import databases, fresh, lent

__all__ = ["databases", "fresh", "lent"]
