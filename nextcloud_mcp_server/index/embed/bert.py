"""A BERT sentence encoder (weights of a `model.safetensors`) as an ONNX graph: encoder, mean over tokens, length 1.

With `int8` the products with weights run on 8-bit integers, weights scaled per output, activations per run.
"""

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextcloud_mcp_server.index.embed.onnx_file import FLOAT, Graph, quantised

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def convert(source: Path, target: Path, *, int8: bool = True) -> None:
    """Reads `config.json` and `model.safetensors` in the folder `source`, writes the file `target`.

    Inputs `input_ids` and `attention_mask` (batch, tokens), output `sentence_embedding` (batch, hidden size).
    """
    config: dict[str, Any] = json.loads((source / "config.json").read_text())
    encoder = _Encoder(read_safetensors(source / "model.safetensors"), config, int8)
    encoder.build()
    axes = ("batch", "tokens")
    outputs = {"sentence_embedding": ("batch", config["hidden_size"])}
    encoder.graph.write(target, {"input_ids": axes, "attention_mask": axes}, outputs)


def read_safetensors(path: Path) -> "dict[str, NDArray[np.float32]]":
    """The tensors of a safetensors file: 8 bytes of header length, a JSON header, then the data."""
    import numpy as np

    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header: dict[str, Any] = json.loads(file.read(length))
        kinds = {"F32": np.float32, "F16": np.float16}
        found: dict[str, NDArray[np.float32]] = {}
        for name, about in header.items():
            if name != "__metadata__" and about["dtype"] in kinds:
                start, end = about["data_offsets"]
                file.seek(8 + length + start)
                raw = np.frombuffer(file.read(end - start), kinds[about["dtype"]])
                found[name.removeprefix("bert.")] = raw.reshape(about["shape"]).astype(np.float32)
    return found


class _Encoder:
    def __init__(self, weights: "dict[str, NDArray[np.float32]]", config: dict[str, Any], int8: bool) -> None:
        self.weights, self.config, self.int8 = weights, config, int8
        self.graph = Graph()

    def build(self) -> None:
        graph, size, heads = self.graph, self.config["hidden_size"], self.config["num_attention_heads"]
        mask = graph.node("Cast", "attention_mask", to=FLOAT)
        inverted = graph.node("Sub", self.scalar("one", 1), graph.node("Unsqueeze", mask, self.axes("axes12", 1, 2)))
        bias = graph.node("Mul", inverted, self.scalar("far", -10000))
        hidden = self.embeddings()
        for layer in range(self.config["num_hidden_layers"]):
            hidden = self.layer(hidden, bias, f"encoder.layer.{layer}", heads, size // heads)
        wide = graph.node("Unsqueeze", mask, self.axes("axes2", 2))
        total = graph.node("ReduceSum", graph.node("Mul", hidden, wide), self.axes("axes1", 1), keepdims=0)
        mean = graph.node("Div", total, graph.node("ReduceSum", wide, self.axes("axes1", 1), keepdims=0))
        graph.add("LpNormalization", (mean,), ("sentence_embedding",), axis=-1, p=2)

    def embeddings(self) -> str:
        graph = self.graph
        words = self.words("input_ids")
        count = graph.node("Shape", "input_ids", start=1, end=2)
        table = graph.constant("positions", self.weights["embeddings.position_embeddings.weight"])
        positions = graph.node("Slice", table, self.axes("axes0", 0), count, self.axes("axes0", 0))
        kinds = graph.constant("kinds", self.weights["embeddings.token_type_embeddings.weight"][0])
        return self.norm(graph.node("Add", graph.node("Add", words, positions), kinds), "embeddings.LayerNorm")

    def words(self, ids: str) -> str:
        table = self.weights["embeddings.word_embeddings.weight"]
        if not self.int8:
            return self.graph.node("Gather", self.graph.constant("words", table), ids)
        numbers, scale = quantised(table, 0)
        rows = self.graph.node("Cast", self.graph.node("Gather", self.graph.constant("words", numbers), ids), to=FLOAT)
        return self.graph.node("Mul", rows, self.graph.node("Gather", self.graph.constant("words.scale", scale), ids))

    def layer(self, hidden: str, bias: str, name: str, heads: int, width: int) -> str:
        graph = self.graph
        split, join = self.axes("split", 0, 0, heads, width), self.axes("join", 0, 0, heads * width)
        attention = f"{name}.attention"

        def part(kind: str, order: tuple[int, ...]) -> str:
            return graph.node("Transpose", graph.node("Reshape", self.linear(hidden, f"{attention}.self.{kind}"), split), perm=order)

        scores = graph.node("MatMul", part("query", (0, 2, 1, 3)), part("key", (0, 2, 3, 1)))
        scaled = graph.node("Add", graph.node("Div", scores, self.scalar("root", width**0.5)), bias)
        mixed = graph.node("MatMul", graph.node("Softmax", scaled, axis=-1), part("value", (0, 2, 1, 3)))
        joined = graph.node("Reshape", graph.node("Transpose", mixed, perm=(0, 2, 1, 3)), join)
        hidden = self.norm(graph.node("Add", self.linear(joined, f"{attention}.output.dense"), hidden), f"{attention}.output.LayerNorm")
        inner = self.gelu(self.linear(hidden, f"{name}.intermediate.dense"))
        return self.norm(graph.node("Add", self.linear(inner, f"{name}.output.dense"), hidden), f"{name}.output.LayerNorm")

    def linear(self, value: str, name: str) -> str:
        graph, weight = self.graph, self.weights[f"{name}.weight"].T
        bias = graph.constant(f"{name}.bias", self.weights[f"{name}.bias"])
        if not self.int8:
            return graph.node("Add", graph.node("MatMul", value, graph.constant(f"{name}.weight", weight)), bias)
        numbers, scale = quantised(weight, 1)
        zeros = graph.constant(f"{name}.zero", numbers[0] * 0)
        activation, step, zero = (f"{name}.{part}" for part in ("activation", "step", "zero_point"))
        graph.add("DynamicQuantizeLinear", (value,), (activation, step, zero))
        product = graph.node("MatMulInteger", activation, graph.constant(f"{name}.weight", numbers), zero, zeros)
        factor = graph.node("Mul", step, graph.constant(f"{name}.scale", scale[0]))
        return graph.node("Add", graph.node("Mul", graph.node("Cast", product, to=FLOAT), factor), bias)

    def norm(self, value: str, name: str) -> str:
        weight = self.graph.constant(f"{name}.weight", self.weights[f"{name}.weight"])
        bias = self.graph.constant(f"{name}.bias", self.weights[f"{name}.bias"])
        return self.graph.node("LayerNormalization", value, weight, bias, axis=-1, epsilon=float(self.config["layer_norm_eps"]))

    def gelu(self, value: str) -> str:
        graph = self.graph
        erf = graph.node("Erf", graph.node("Div", value, self.scalar("root2", 2**0.5)))
        return graph.node("Mul", graph.node("Mul", value, graph.node("Add", erf, self.scalar("one", 1))), self.scalar("half", 0.5))

    def scalar(self, name: str, value: float) -> str:
        import numpy as np

        return self.graph.constant(name, np.array(value, np.float32))

    def axes(self, name: str, *values: int) -> str:
        import numpy as np

        return self.graph.constant(name, np.array(values, np.int64))
