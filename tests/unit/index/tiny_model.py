"""A BERT of two layers with random weights and eleven words, as a model's folder."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from nextcloud_mcp_server.index.embed.bert import convert

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


def write_safetensors(path: Path, tensors: dict[str, Array], prefix: str = "") -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, tensor in tensors.items():
        raw = tensor.tobytes()
        header[prefix + name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    head = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + data)


def make_model(folder: Path, *, int8: bool = False) -> Path:
    """Writes the model of 12 tokens and 32 dimensions into `folder`."""
    folder.mkdir(exist_ok=True)
    write_safetensors(folder / "model.safetensors", weights(), "bert." if int8 else "")
    (folder / "config.json").write_text(json.dumps(CONFIG))
    convert(folder, folder / "model.onnx", int8=int8)
    (folder / "model.json").write_text(json.dumps({"name": "tiny", "dimension": 32, "tokens": 12}))
    pieces: Any = Tokenizer(models.WordPiece({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    pieces.normalizer = normalizers.BertNormalizer()
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pieces.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    pieces.enable_truncation(5)
    pieces.save(str(folder / "tokenizer.json"))
    return folder
