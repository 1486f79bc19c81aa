"""The model file that is written here computes what BERT computes: against the formulas in plain numpy, on random weights."""

from collections.abc import Sequence
from math import erf
from pathlib import Path

import numpy as np
import onnx
import pytest

from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.index.embed import local
from nextcloud_mcp_server.index.embed.local import LocalModel, read_card
from tests.unit.index.tiny_model import Array, make_model, weights


def reference(weights: dict[str, Array], ids: Sequence[int]) -> Array:
    """BERT (Devlin et al. 2018), mean over tokens, length 1."""

    def linear(x: Array, name: str) -> Array:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(x: Array, name: str) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12) * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    x = weights["embeddings.word_embeddings.weight"][list(ids)] + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(2):
        base = f"encoder.layer.{layer}"
        q, k, v = (
            linear(x, f"{base}.attention.self.{part}").reshape(len(ids), 4, 8).transpose(1, 0, 2) for part in ("query", "key", "value")
        )
        scores = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(8))
        mixed = (scores / scores.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(ids), 32)
        x = norm(linear(mixed, f"{base}.attention.output.dense") + x, f"{base}.attention.output.LayerNorm")
        inner = linear(x, f"{base}.intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(erf)(inner / np.sqrt(2)))
        x = norm(linear(inner, f"{base}.output.dense") + x, f"{base}.output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


@pytest.fixture(params=[False, True], ids=["float32", "int8"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[LocalModel, float]:
    """A tiny model, and how near its vectors have to be to the formulas' (cosine)."""
    folder = make_model(tmp_path, int8=request.param)
    onnx.checker.check_model(str(folder / "model.onnx"), full_check=True)
    return LocalModel(folder), 0.99 if request.param else 0.999999


def test_vectors_equal_the_formulas_for_texts_of_different_lengths(model: tuple[LocalModel, float]) -> None:
    local, near = model
    texts = ["The cat sat on the mat.", "cats", "the " * 9, "mat"] * 3
    for text, vector in zip(texts, local.embed(texts), strict=True):
        ids = local._tokenizer.encode(text).ids
        assert float(reference(weights(), ids) @ np.array(vector)) > near


def test_a_text_over_the_limit_is_embedded_up_to_it(model: tuple[LocalModel, float]) -> None:
    local, _ = model
    long, exact = local.embed(["the " * 50, "the " * 10])
    assert np.allclose(long, exact, atol=1e-5)


def test_runs_hold_every_text_once_and_no_more_tokens_than_they_may_but_for_one_long_text() -> None:
    lengths = [3, 300, *range(1, 256, 9), 256, 2, 2]
    found = list(local.runs(lengths))
    assert sorted(at for run in found for at in run) == list(range(len(lengths)))
    assert all(len(run) * max(lengths[at] for at in run) <= local.RUN for run in found if len(run) > 1)
    assert len(list(local.runs([16] * 32))) == 2
    assert list(local.runs([])) == []


def test_tokens_are_counted_over_the_whole_text_without_the_special_ones(model: tuple[LocalModel, float]) -> None:
    local, _ = model
    assert local.tokens("The cats sat") == [0, 4, 7, 9]
    assert len(local.tokens("the " * 100)) == 100
    assert read_card_limit(local) == 10


def read_card_limit(local: LocalModel) -> int:
    return local.card.model.limit


@pytest.mark.parametrize("piece", [1, 7, 30])
def test_a_long_text_has_the_tokens_of_its_pieces(model: tuple[LocalModel, float], monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    text = "The cats sat on the mat .\nthe cat on the  mat sat"
    whole = model[0].tokens(text)
    monkeypatch.setattr(local, "PIECE", max(piece, max(map(len, text.split())) + 1))
    assert "".join(part for _, part in local.pieces(text)) == text
    assert model[0].tokens(text) == whole
    monkeypatch.setattr(local, "PIECE", piece)
    assert list(local.pieces("a" * 50)) == [(at, "a" * min(piece, 50 - at)) for at in range(0, 50, piece)]


def test_a_folder_without_a_model_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").touch()
    with pytest.raises(InvalidValue, match=r"no model\.json, tokenizer\.json"):
        read_card(tmp_path)
