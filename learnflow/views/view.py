"""What every answer is."""

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """A frozen piece of an answer."""

    model_config = ConfigDict(frozen=True)
