"""The model file that is written here computes what BERT computes: against the formulas in plain numpy, on random weights."""

import json
import struct
from collections.abc import Sequence
from math import erf
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.index.embed.bert import convert
from nextcloud_mcp_server.index.embed.local import LocalModel, read_card

CONFIG = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "layer_norm_eps": 1e-12}
Array = NDArray[Any]
WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "the", "cat", "sat", "##s", "mat", "on", "."]


def weights() -> dict[str, Array]:
    random = np.random.default_rng(1)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), 32),
        "embeddings.position_embeddings.weight": (64, 32),
        "embeddings.token_type_embeddings.weight": (2, 32),
        "embeddings.LayerNorm.weight": (32,),
        "embeddings.LayerNorm.bias": (32,),
    }
    for layer in range(2):
        base = f"encoder.layer.{layer}"
        for name, out, into in (
            ("attention.self.query", 32, 32),
            ("attention.self.key", 32, 32),
            ("attention.self.value", 32, 32),
            ("attention.output.dense", 32, 32),
            ("intermediate.dense", 64, 32),
            ("output.dense", 32, 64),
        ):
            shapes |= {f"{base}.{name}.weight": (out, into), f"{base}.{name}.bias": (out,)}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{base}.{name}.weight": (32,), f"{base}.{name}.bias": (32,)}
    return {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


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


def write_safetensors(path: Path, tensors: dict[str, Array], prefix: str = "") -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, tensor in tensors.items():
        raw = tensor.tobytes()
        header[prefix + name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    head = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + data)


@pytest.fixture(params=[False, True], ids=["float32", "int8"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[LocalModel, float]:
    """A tiny model, and how near its vectors have to be to the formulas' (cosine)."""
    write_safetensors(tmp_path / "model.safetensors", weights(), "bert." if request.param else "")
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    convert(tmp_path, tmp_path / "model.onnx", int8=request.param)
    (tmp_path / "model.json").write_text(json.dumps({"name": "tiny", "dimension": 32, "tokens": 12}))
    pieces: Any = Tokenizer(models.WordPiece({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    pieces.normalizer = normalizers.BertNormalizer()
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pieces.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    pieces.enable_truncation(5)
    pieces.save(str(tmp_path / "tokenizer.json"))
    onnx.checker.check_model(str(tmp_path / "model.onnx"), full_check=True)
    return LocalModel(tmp_path), 0.99 if request.param else 0.999999


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


def test_tokens_are_counted_over_the_whole_text_without_the_special_ones(model: tuple[LocalModel, float]) -> None:
    local, _ = model
    assert local.tokens("The cats sat") == [0, 4, 7, 9]
    assert len(local.tokens("the " * 100)) == 100
    assert read_card_limit(local) == 10


def read_card_limit(local: LocalModel) -> int:
    return local.card.model.limit


def test_a_folder_without_a_model_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").touch()
    with pytest.raises(InvalidValue, match=r"no model\.json, tokenizer\.json"):
        read_card(tmp_path)
