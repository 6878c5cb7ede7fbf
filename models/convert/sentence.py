"""Writes the sentence encoder as an ONNX graph with 8-bit weights.

Weights and activations are quantised in blocks of 64 along the sum, each with its own scale: one scale a tensor, or
one a word, costs the last layer too much (cosine .97 to .98).
"""

import numpy as np
from onnx import TensorProto
from safetensors.numpy import load

from .graph import Graph

LAYERS, HEADS, WIDTH = 6, 12, 384
HEAD = WIDTH // HEADS
EPSILON = 1e-12
BLOCK = 64
# ONNX Runtime's name for sums in 8-bit integers.
ACCURACY = 4


class Writer:
    def __init__(self, weights):
        self.weights = weights
        self.graph = Graph("sentence_encoder")

    def linear(self, value, weights, bias):
        """`weights` is [out, in], as stored."""
        rows, columns = weights.shape
        blocks = weights.reshape(rows, -1, BLOCK)
        scales = (np.abs(blocks).max(axis=2) / 127).astype(np.float32)
        steps = (np.rint(blocks / scales[:, :, None]) + 128).astype(np.uint8)
        return self.graph.add(
            "MatMulNBits",
            value,
            self.graph.constant(steps),
            self.graph.constant(scales),
            "",
            "",
            self.graph.constant(bias),
            domain="com.microsoft",
            K=columns,
            N=rows,
            bits=8,
            block_size=BLOCK,
            accuracy_level=ACCURACY,
        )

    def normalised(self, value, name):
        scale, shift = (self.graph.constant(self.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.graph.add("LayerNormalization", value, scale, shift, axis=-1, epsilon=EPSILON)

    def embedded(self, ids):
        """The table of words is 8 bits a number, with one scale a word."""
        graph = self.graph
        words = self.weights["embeddings.word_embeddings.weight"]
        scales = (np.abs(words).max(axis=1, keepdims=True) / 127).astype(np.float32)
        scales[scales == 0] = 1
        steps = np.rint(words / scales).astype(np.int8)
        rows = graph.add("Cast", graph.add("Gather", graph.constant(steps), ids), to=TensorProto.FLOAT)
        rows = graph.add("Mul", rows, graph.add("Gather", graph.constant(scales), ids))

        positions = self.weights["embeddings.position_embeddings.weight"]
        positions = positions + self.weights["embeddings.token_type_embeddings.weight"][:1]
        length = graph.add("Shape", ids, start=1, end=2)
        places = graph.add("Slice", graph.constant(positions), graph.integers(0), length, graph.integers(0))
        return self.normalised(graph.add("Add", rows, places), "embeddings.LayerNorm")

    def heads(self, value, perm):
        shaped = self.graph.add("Reshape", value, self.graph.integers(1, -1, HEADS, HEAD))
        return self.graph.add("Transpose", shaped, perm=perm)

    def attended(self, value, blocked, name):
        graph = self.graph
        parts = [f"{name}.self.{part}" for part in ("query", "key", "value")]
        weights = [self.weights[f"{part}.weight"] for part in parts]
        biases = [self.weights[f"{part}.bias"] for part in parts]
        root = np.float32(HEAD) ** np.float32(0.5)
        weights[0], biases[0] = weights[0] / root, biases[0] / root
        joint = self.linear(value, np.concatenate(weights), np.concatenate(biases))
        query, key, content = graph.add("Split", joint, outputs=3, axis=2, num_outputs=3)
        scores = graph.add("MatMul", self.heads(query, [0, 2, 1, 3]), self.heads(key, [0, 2, 3, 1]))
        scores = graph.add("Softmax", graph.add("Add", scores, blocked), axis=-1)
        mixed = graph.add("MatMul", scores, self.heads(content, [0, 2, 1, 3]))
        mixed = graph.add("Transpose", mixed, perm=[0, 2, 1, 3])
        mixed = graph.add("Reshape", mixed, graph.integers(1, -1, WIDTH))
        return self.dense(mixed, f"{name}.output.dense")

    def dense(self, value, name):
        return self.linear(value, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def layer(self, value, blocked, name):
        attended = self.attended(value, blocked, f"{name}.attention")
        value = self.normalised(self.graph.add("Add", attended, value), f"{name}.attention.output.LayerNorm")
        inner = self.graph.add("Gelu", self.dense(value, f"{name}.intermediate.dense"))
        outer = self.dense(inner, f"{name}.output.dense")
        return self.normalised(self.graph.add("Add", outer, value), f"{name}.output.LayerNorm")


def convert(data, path):
    writer = Writer(load(data))
    graph = writer.graph
    ids = graph.input("input_ids", [1, "T"], TensorProto.INT64)
    mask = graph.input("attention_mask", [1, "T"], TensorProto.INT64)
    mask = graph.add("Cast", mask, to=TensorProto.FLOAT)
    absent = graph.add("Sub", graph.floats(1), mask)
    blocked = graph.add("Mul", graph.add("Unsqueeze", absent, graph.integers(1, 2)), graph.floats(-1e4))
    count = graph.add("Max", graph.add("ReduceSum", mask, graph.integers(1), keepdims=1), graph.floats(1))
    # One row that averages the words: [1, 1, T].
    average = graph.add("Unsqueeze", graph.add("Div", mask, count), graph.integers(1))

    value = writer.embedded(ids)
    means = [graph.add("MatMul", average, value)]
    for index in range(LAYERS):
        value = writer.layer(value, blocked, f"encoder.layer.{index}")
        means.append(graph.add("MatMul", average, value))
    graph.output(graph.add("Concat", *means, axis=1), "layers", [1, LAYERS + 1, WIDTH])
    graph.write(path)
