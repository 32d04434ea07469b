"""How much is drawn."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Limits:
    """`cases` are calls that Schemathesis must really have made, `examples` what it is asked for.

    `sequenced` are calls in sequences, where one goes on with what another answered. With a seed
    every run draws the same.
    """

    cases: int = 5_000
    sequenced: int = 600
    examples: int = 500
    seconds: float = 900.0
    requests: int = 2_000
    seed: int | None = 1

    @classmethod
    def long(cls) -> Self:
        """As `make fuzz` runs it."""
        return cls(
            cases=20_000,
            sequenced=3_000,
            examples=2_600,
            seconds=3_400.0,
            requests=10_000,
            seed=None,
        )
