"""Where do the generated documents lie? Paths, for those who write, serve or check them."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
OPENAPI: Final = ROOT / "docs" / "openapi.json"
ASYNCAPI: Final = ROOT / "docs" / "asyncapi.json"
EVENT_SCHEMAS: Final = ROOT / "eventing" / "schemas"
EVENT_TYPES: Final = ROOT / "eventing" / "event-types"
