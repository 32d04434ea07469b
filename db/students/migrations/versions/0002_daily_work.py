"""What students_db needs for the operations after the first match."""

from pathlib import Path

from db.messaging.migrating import script

revision = "0002"
down_revision = "0001"

_OWN = Path(__file__).parents[1]
_COMMON = Path(__file__).parents[3] / "messaging"


def upgrade() -> None:
    """Messaging tables, then ours."""
    script("students", _COMMON / "0002_up.sql", _OWN / "0002_up.sql")


def downgrade() -> None:
    """Ours, then the messaging tables."""
    script("students", _OWN / "0002_down.sql", _COMMON / "0002_down.sql")
