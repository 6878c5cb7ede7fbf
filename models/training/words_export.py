"""The words network as ONNX, with 8-bit weights, and the reading of sentences by that file.

Weights and activations are quantised in blocks of 64 along the sum, each with its own scale: one scale a tensor, or
one a word, costs the last layer too much.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto
from tokenizers import Tokenizer
from tqdm import tqdm

from words_net import HEADS, LAYERS, MIDDLE, OUTPUTS, SPREAD, WIDTH

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from convert.graph import Graph  # noqa: E402

MAX_TOKENS = 128
BLOCK = 64
ACCURACY = 4  # ONNX Runtime's name for sums in 8-bit integers
EPSILON = 1e-12
READ = ("target", "rating", "doubt", "clear", "vague", "certain")


@dataclass
class Calibration:
    """What is fitted on validation parts after training."""

    mix: np.ndarray  # [2] how much of the logits is the network's own, and how much the labels' log-odds
    offset: np.ndarray  # [7] of the logits
    rest: np.ndarray  # [2] rating that is the circumplex's origin
    slope: np.ndarray  # [2] circumplex per point of rating
    doubt: np.ndarray  # [2] factors on the standard deviations of ratings
    band: np.ndarray  # [2] standard deviations to either side that hold nine ratings of ten
    scale: np.ndarray  # [7, 2] of each label's log-odds: factor and offset
    threshold: np.ndarray  # [7] probability from which a label is said to be there
    wrong: np.ndarray  # [7, 3] log-odds of that being wrong: from `certain`, from the distance to the threshold, offset


class Writer:
    def __init__(self, net, words):
        self.net = net
        self.words = words
        self.graph = Graph("words")

    def linear(self, value, dense):
        weights, bias = dense[0].T, dense[1]
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
            self.graph.constant(bias.astype(np.float32)),
            domain="com.microsoft",
            K=columns,
            N=rows,
            bits=8,
            block_size=BLOCK,
            accuracy_level=ACCURACY,
        )

    def normalised(self, value, norm):
        scale, shift = (self.graph.constant(part.astype(np.float32)) for part in norm)
        return self.graph.add("LayerNormalization", value, scale, shift, axis=-1, epsilon=EPSILON)

    def embedded(self, ids):
        """The table of words is 8 bits a number, with one scale a word."""
        graph = self.graph
        scales = (np.abs(self.words).max(axis=1, keepdims=True) / 127).astype(np.float32)
        scales[scales == 0] = 1
        steps = np.rint(self.words / scales).astype(np.int8)
        rows = graph.add("Cast", graph.add("Gather", graph.constant(steps), ids), to=TensorProto.FLOAT)
        rows = graph.add("Mul", rows, graph.add("Gather", graph.constant(scales), ids))
        length = graph.add("Shape", ids, start=1, end=2)
        places = graph.constant(self.net["places"].astype(np.float32))
        places = graph.add("Slice", places, graph.integers(0), length, graph.integers(0))
        return self.normalised(graph.add("Add", rows, places), self.net["norm"])

    def heads(self, value, perm):
        shaped = self.graph.add("Reshape", value, self.graph.integers(1, -1, HEADS, WIDTH // HEADS))
        return self.graph.add("Transpose", shaped, perm=perm)

    def layer(self, value, layer):
        graph = self.graph
        weights, bias = (part.copy() for part in layer["joint"])
        root = np.float32(WIDTH // HEADS) ** np.float32(0.5)
        weights[:, :WIDTH], bias[:WIDTH] = weights[:, :WIDTH] / root, bias[:WIDTH] / root
        joint = self.linear(value, (weights, bias))
        query, key, content = graph.add("Split", joint, outputs=3, axis=2, num_outputs=3)
        scores = graph.add("MatMul", self.heads(query, [0, 2, 1, 3]), self.heads(key, [0, 2, 3, 1]))
        mixed = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), self.heads(content, [0, 2, 1, 3]))
        mixed = graph.add("Reshape", graph.add("Transpose", mixed, perm=[0, 2, 1, 3]), graph.integers(1, -1, WIDTH))
        value = self.normalised(graph.add("Add", self.linear(mixed, layer["attended"]), value), layer["attended_norm"])
        inner = graph.add("Gelu", self.linear(value, layer["inner"]))
        return self.normalised(graph.add("Add", self.linear(inner, layer["outer"]), value), layer["outer_norm"])

    def embedding(self):
        """One sentence: no padding, so no mask."""
        ids = self.graph.input("input_ids", [1, "T"], TensorProto.INT64)
        value = self.embedded(ids)
        for index in range(LAYERS):
            parts = {name: tuple(part[index] for part in parts) for name, parts in self.net["layers"].items()}
            value = self.layer(value, parts)
        return self.graph.add("ReduceMean", value, self.graph.integers(1), keepdims=0)

    def read(self, value, name, scale=1.0, offset=0.0):
        weights, bias = self.net["heads"][name]
        weights, bias = (np.asarray(part, np.float32) for part in (weights * scale, bias * scale + offset))
        return self.graph.add("Gemm", value, self.graph.constant(weights), self.graph.constant(bias))


def export_raw(net, words, path):
    """The network with its outputs as they are, side by side as in READ."""
    writer = Writer(net, words)
    value = writer.embedding()
    raw = writer.graph.add("Concat", *[writer.read(value, name) for name in READ], axis=1)
    writer.graph.output(raw, "raw", [1, sum(OUTPUTS[name] for name in READ)])
    writer.graph.write(path)


def export(net, words, calibration, path):
    """The network that the program runs, calibrated."""
    writer = Writer(net, words)
    graph, c = writer.graph, calibration
    floats = lambda values: graph.constant(np.asarray(values, np.float32))
    add, one = graph.add, graph.floats(1)
    value = writer.embedding()

    slope = c.slope * SPREAD
    affect = writer.read(value, "rating", slope, (MIDDLE - c.rest) * c.slope)
    doubt = writer.read(value, "doubt", 1, np.log(c.doubt * slope))
    doubt = add("Exp", add("Clip", doubt, floats(np.log(0.02)), floats(0)))

    clear, vague = (add("Sigmoid", writer.read(value, name)) for name in ("clear", "vague"))
    certain = writer.read(value, "certain")
    certainly = add("Sigmoid", certain)
    label = add("Add", add("Mul", clear, certainly), add("Mul", vague, add("Sub", one, certainly)))
    label = add("Clip", label, floats(1e-5), floats(1 - 1e-5))
    odds = add("Sub", add("Log", label), add("Log", add("Sub", one, label)))
    odds = add("Add", add("Mul", odds, floats(c.scale[None, :, 0])), floats(c.scale[None, :, 1]))
    apart = add("Abs", add("Sub", odds, floats(np.log(c.threshold / (1 - c.threshold))[None])))
    wrong = add("Add", add("Mul", certain, floats(c.wrong[None, :, 0])), add("Mul", apart, floats(c.wrong[None, :, 1])))
    wrong = add("Add", wrong, floats(c.wrong[None, :, 2]))

    own = writer.read(value, "target", c.mix[0], c.offset)
    graph.output(add("Add", own, add("Mul", odds, floats(c.mix[1]))), "logits", [1, 7])
    graph.output(add("Clip", affect, floats(-1), floats(1)), "affect", [1, 2])
    graph.output(doubt, "affect_sd", [1, 2])
    graph.output(add("Mul", doubt, floats(c.band[None])), "affect_band", [1, 2])
    graph.output(value, "embedding", [1, WIDTH])
    graph.output(add("Sigmoid", odds), "labels", [1, 7])
    graph.output(add("Sigmoid", wrong), "labels_doubt", [1, 7])
    graph.output(floats(c.threshold[None]), "labels_threshold", [1, 7])
    graph.write(path)


class Reader:
    """Reads sentences with an exported file."""

    def __init__(self, network: Path, tokenizer: Tokenizer, threads: int):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(network), options, ["CPUExecutionProvider"])
        self.tokenizer = tokenizer
        self.threads = threads

    def __call__(self, texts: list[str], name: str = "reading") -> dict[str, np.ndarray]:
        names = [output.name for output in self.session.get_outputs()]
        ids = [np.array([one.ids], np.int64) for one in self.tokenizer.encode_batch(texts)]
        run = lambda one: self.session.run(names, {"input_ids": one})
        with ThreadPoolExecutor(self.threads) as pool:
            rows = list(tqdm(pool.map(run, ids), desc=name, total=len(ids), mininterval=5))
        return {name: np.concatenate([row[i] for row in rows]) for i, name in enumerate(names)}

    def raw(self, texts: list[str], name: str) -> dict[str, np.ndarray]:
        """What `export_raw` wrote, by name."""
        edges = np.cumsum([OUTPUTS[name] for name in READ])[:-1]
        return dict(zip(READ, np.split(self(texts, name)["raw"], edges, axis=1)))
