"""The embedded model: an ONNX sentence encoder and its tokeniser, in whatever process calls it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.index.embed.port import Model, Vector

RUN = 256
"""Tokens in one run, padding among them: what runs hold grows with them, and leaves the processor's caches."""
SPECIAL = 2
PIECE = 2**16
"""Characters that are tokenised at once: a tokeniser takes 150 bytes for each."""


@dataclass(frozen=True, slots=True)
class Card:
    """`model.json` of a model's folder. `tokens` counts the two special ones."""

    name: str
    dimension: int
    tokens: int

    @property
    def model(self) -> Model:
        return Model(self.name, self.dimension, self.tokens - SPECIAL)


def read_card(folder: Path) -> Card:
    """Raises InvalidValue where the folder holds no model."""
    missing = [name for name in ("model.json", "model.onnx", "tokenizer.json") if not (folder / name).is_file()]
    if missing:
        raise InvalidValue(f"The model folder {folder} has no {', '.join(missing)}.", hint="Correct EMBEDDING_MODEL_DIR or unset it.")
    about: dict[str, Any] = json.loads((folder / "model.json").read_text())
    return Card(about["name"], about["dimension"], about["tokens"])


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """A text in parts, with their offsets, that end between words where they can."""
    at = 0
    while at < len(text):
        end = at + PIECE
        if end < len(text):
            between = max(text.rfind(" ", at + 1, end), text.rfind("\n", at + 1, end))
            end = between if between > 0 else end
        yield at, text[at:end]
        at = end


def runs(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Which texts are embedded in one run, given their lengths in tokens: those of like length, so that little is padded."""
    chosen: list[int] = []
    for at in sorted(range(len(lengths)), key=lambda at: lengths[at]):
        if chosen and lengths[at] * (len(chosen) + 1) > RUN:
            yield chosen
            chosen = []
        chosen.append(at)
    if chosen:
        yield chosen


class LocalModel:
    """Loaded into memory. Not thread-safe but for `tokens`; `threads` 0 lets the library choose."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        import onnxruntime as _onnxruntime
        from tokenizers import Tokenizer

        self.card = read_card(folder)
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        onnxruntime: Any = _onnxruntime
        options: Any = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_cpu_mem_arena = False
        # Threads that wait by spinning take the processor from the store and the server.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])

    def tokens(self, text: str) -> list[int]:
        """The offsets at which tokens begin."""
        return [at + start for at, piece in pieces(text) for start, _ in self._tokenizer.encode(piece, add_special_tokens=False).offsets]

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Vectors in the order of the texts."""
        encoded = self.encode(texts)
        vectors: list[Vector] = [[] for _ in texts]
        for chosen in runs([len(ids) for ids in encoded]):
            for at, vector in zip(chosen, self.run([encoded[at] for at in chosen]), strict=True):
                vectors[at] = vector
        return vectors

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, as many as the model sees."""
        return [self._ids(text) for text in texts]

    def run(self, ids: Sequence[Sequence[int]]) -> list[Vector]:
        """One run of the model over token ids."""
        import numpy as np

        width = max(len(one) for one in ids)
        numbers = np.zeros((len(ids), width), np.int64)
        mask = np.zeros((len(ids), width), np.int64)
        for row, one in enumerate(ids):
            numbers[row, : len(one)] = one
            mask[row, : len(one)] = 1
        return self._session.run(["sentence_embedding"], {"input_ids": numbers, "attention_mask": mask})[0].tolist()

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids if len(ids) <= self.card.tokens else [*ids[: self.card.tokens - 1], ids[-1]]
