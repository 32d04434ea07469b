"""The first schema of tutors_db."""

from pathlib import Path

from db.messaging.migrating import script

revision = "0001"
down_revision = None

_OWN = Path(__file__).parents[1]
_COMMON = Path(__file__).parents[3] / "messaging"


def upgrade() -> None:
    """Messaging tables, then ours."""
    script("tutors", _COMMON / "0001_up.sql", _OWN / "0001_up.sql")


def downgrade() -> None:
    """Ours, then the messaging tables."""
    script("tutors", _OWN / "0001_down.sql", _COMMON / "0001_down.sql")
