"""What matching_db needs for a ranker that learns."""

from pathlib import Path

from db.messaging.migrating import script

revision = "0003"
down_revision = "0002"

_OWN = Path(__file__).parents[1]


def upgrade() -> None:
    """Ours alone; the messaging tables stay as they are."""
    script("matching", _OWN / "0003_up.sql")


def downgrade() -> None:
    """Ours alone."""
    script("matching", _OWN / "0003_down.sql")
