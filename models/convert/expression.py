"""Turns the expression network's quantised browser weights into ONNX."""

import json

import numpy as np

from .graph import Graph

MEAN_RGB = (122.782, 117.001, 104.298)
LABELS = 7
FEATURES = 256


def weights_of(manifest, data):
    """Every weight by name, as floats."""
    weights, position = {}, 0
    for entry in (entry for group in json.loads(manifest) for entry in group["weights"]):
        count = int(np.prod(entry["shape"]))
        quantised = entry.get("quantization")
        if quantised:
            raw = np.frombuffer(data, np.uint8, count, position)
            values = (raw.astype(np.float64) * quantised["scale"] + quantised["min"]).astype(np.float32)
            position += count
        else:
            values = np.frombuffer(data, "<f4", count, position)
            position += 4 * count
        weights[entry["name"]] = values.reshape(entry["shape"])
    if position != len(data):
        raise ValueError(f"the weights end at byte {position} of {len(data)}")
    return weights


class Writer:
    """The layers of the network, as nodes."""

    def __init__(self, weights):
        self.weights = weights
        self.graph = Graph("expression")

    def conv(self, value, weights, bias, stride, group=1):
        # With an even side, "same" padding at stride 2 pads only after.
        pads = [0] * 4 if weights.shape[2] == 1 else [1, 1, 1, 1] if stride == 1 else [0, 0, 1, 1]
        inputs = [value, self.graph.constant(weights)] + ([self.graph.constant(bias)] if bias is not None else [])
        kernel = list(weights.shape[2:])
        return self.graph.add("Conv", *inputs, kernel_shape=kernel, strides=[stride] * 2, pads=pads, group=group)

    def separable(self, value, name, stride):
        depthwise = self.weights[f"{name}/depthwise_filter"].transpose(2, 3, 0, 1)
        pointwise = self.weights[f"{name}/pointwise_filter"].transpose(3, 2, 0, 1)
        value = self.conv(value, depthwise, None, stride, group=depthwise.shape[0])
        return self.conv(value, pointwise, self.weights[f"{name}/bias"], 1)

    def first(self, value, name):
        # The division of the pixels by 255 lies in the weights.
        filters = self.weights[f"{name}/filters"].transpose(3, 2, 0, 1) / np.float32(255)
        return self.conv(value, filters, self.weights[f"{name}/bias"], 2)

    def block(self, value, name, entry):
        add, relu = (lambda *terms: self.graph.add("Add", *terms)), (lambda term: self.graph.add("Relu", term))
        one = relu(entry(value, f"{name}/conv0"))
        two = self.separable(one, f"{name}/conv1", 1)
        sum_two = add(two, one)
        three = self.separable(relu(sum_two), f"{name}/conv2", 1)
        sum_three = add(three, sum_two)
        four = self.separable(relu(sum_three), f"{name}/conv3", 1)
        return relu(add(four, sum_three))


def convert(manifest, data, path):
    writer = Writer(weights_of(manifest, data))
    graph = writer.graph
    image = graph.input("image", ["N", 3, 112, 112])
    value = graph.add("Sub", image, graph.constant(np.array(MEAN_RGB, np.float32).reshape(1, 3, 1, 1)))
    value = writer.block(value, "dense0", writer.first)
    for name in ("dense1", "dense2", "dense3"):
        value = writer.block(value, name, lambda inner, layer: writer.separable(inner, layer, 2))
    value = graph.add("GlobalAveragePool", value)
    features = graph.add("Reshape", value, graph.integers(-1, FEATURES))
    logits = graph.add(
        "Gemm", features, graph.constant(writer.weights["fc/weights"]), graph.constant(writer.weights["fc/bias"])
    )
    graph.output(graph.add("Softmax", logits, axis=1), "probabilities", ["N", LABELS])
    graph.output(features, "features", ["N", FEATURES])
    graph.write(path)
