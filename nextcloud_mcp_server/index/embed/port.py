"""What search and indexing know of a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Vector = list[float]
Outcome = Vector | Exception


@dataclass(frozen=True, slots=True)
class Model:
    """What a provider tells of itself. Vectors of models with different fingerprints never mix.

    `dimension` is the length of its vectors, `limit` the tokens of a text that it sees whole.
    """

    name: str
    dimension: int
    limit: int

    @property
    def fingerprint(self) -> str:
        return f"{self.name}/{self.dimension}"


class Embedder(Protocol):
    """One configured model. `name` is known before the provider answers.

    All methods raise `Delayed` errors (Unreachable, Maintenance, RateLimited) for what passes by itself and
    InvalidValue, with what to do, for a wrong configuration.
    """

    name: str
    batch: int

    async def describe(self) -> Model:
        """Asks the provider; the answer is kept."""
        ...

    async def tokens(self, text: str) -> Sequence[int]:
        """The offsets in `text` at which tokens begin, never fewer than the model counts."""
        ...

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> list[Vector]:
        """One vector of length 1 for each of at most `batch` texts; `query` for what is searched with, and goes first."""
        ...

    async def close(self) -> None: ...
