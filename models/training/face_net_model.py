"""The expression network: its layers, the pictures it is trained on, and its ONNX form.

The program cuts a level square of 112×112 out of a frame (src/encode/face.rs). The network makes it grey, half as large,
and of mean 0 and variance 1; then convolutions of a residual network follow. Batch normalisation lies folded in the
convolutions of the file.
"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

CROP = 112
SIDE = 56
LABELS = 7
# From 112 to 56 pixels, each way.
HALVING = np.array([1, 3, 3, 1], np.float32) / 8
GREY = (0.299, 0.587, 0.114)
LEAST_VARIANCE = 1e-3
NEARLY_NOTHING = 1e-5
KEPT_STATISTICS = 0.9


@dataclass(frozen=True)
class Shape:
    """Channels at 28, 14 and 7 pixels, and how many residual blocks there."""

    channels: tuple = (32, 64, 128)
    blocks: tuple = (1, 3, 3)

    def convolutions(self):
        """(name, kernel, in, out, stride) of all, in order."""
        yield "stem", 5, 1, self.channels[0], 2
        before = self.channels[0]
        for stage, (width, blocks) in enumerate(zip(self.channels, self.blocks)):
            if stage:
                yield f"down{stage}", 3, before, width, 2
            for block in range(blocks):
                yield f"block{stage}.{block}a", 3, width, width, 1
                yield f"block{stage}.{block}b", 3, width, width, 1
            before = width


STUDENT = Shape()
TEACHER = Shape((64, 128, 256), (2, 2, 2))


def start(shape, key):
    """Weights, and the running statistics of the batch normalisation."""
    weights, running = {}, {}
    for name, kernel, inner, outer, _ in shape.convolutions():
        key, own = jax.random.split(key)
        spread = (2 / (kernel * kernel * inner)) ** 0.5
        weights[name] = {"kernel": jax.random.normal(own, (kernel, kernel, inner, outer)) * spread,
                         "scale": jnp.zeros(outer) if name.endswith("b") else jnp.ones(outer), "shift": jnp.zeros(outer)}
        running[name] = {"mean": jnp.zeros(outer), "variance": jnp.ones(outer)}
    weights["labels"] = {"kernel": jax.random.normal(key, (shape.channels[-1], LABELS)) * 0.05, "shift": jnp.zeros(LABELS)}
    return weights, running


def forward(shape, weights, running, pictures, numbers, key=None, dropped=0.0):
    """Logits and features of normalised grey pictures [B, 56, 56], and the statistics after them; trains with a `key`.
    The convolutions count in `numbers`."""
    is_training, after = key is not None, {}

    def convolve(x, name, stride):
        own, before = weights[name], running[name]
        pad = own["kernel"].shape[0] // 2
        x = jax.lax.conv_general_dilated(x.astype(numbers), own["kernel"].astype(numbers), (stride, stride), ((pad, pad),) * 2,
                                         dimension_numbers=("NHWC", "HWIO", "NHWC")).astype(jnp.float32)
        if is_training:
            mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
            after[name] = {"mean": KEPT_STATISTICS * before["mean"] + (1 - KEPT_STATISTICS) * mean,
                           "variance": KEPT_STATISTICS * before["variance"] + (1 - KEPT_STATISTICS) * variance}
        else:
            mean, variance = before["mean"], before["variance"]
        return (x - mean) * (own["scale"] * jax.lax.rsqrt(variance + NEARLY_NOTHING)) + own["shift"]

    x = pictures[..., None]
    for name, _, _, _, stride in shape.convolutions():
        if name.endswith("a"):
            inner = jax.nn.relu(convolve(x, name, stride)).astype(numbers)
        elif name.endswith("b"):
            x = jax.nn.relu(x.astype(jnp.float32) + convolve(inner, name, stride)).astype(numbers)
        else:
            x = jax.nn.relu(convolve(x, name, stride)).astype(numbers)
    features = x.astype(jnp.float32).mean((1, 2))
    kept = features
    if is_training and dropped > 0:
        kept = features * jax.random.bernoulli(key, 1 - dropped, features.shape) / (1 - dropped)
    return kept @ weights["labels"]["kernel"] + weights["labels"]["shift"], features, after


def cut(pictures, x, y, side_x, side_y, turn):
    """Squares of 112×112 out of grey pictures [B, S, S], as the program cuts them; 0…1."""
    count, size = pictures.shape[0], pictures.shape[1]
    steps = (jnp.arange(CROP) - CROP / 2 + 0.5) / CROP
    u, v = steps[None, None, :] * side_x[:, None, None], steps[None, :, None] * side_y[:, None, None]
    sin, cos = jnp.sin(turn)[:, None, None], jnp.cos(turn)[:, None, None]
    px = jnp.clip(x[:, None, None] + cos * u - sin * v, 0, size - 1)
    py = jnp.clip(y[:, None, None] + sin * u + cos * v, 0, size - 1)
    left, top = jnp.floor(px).astype(jnp.int32), jnp.floor(py).astype(jnp.int32)
    fx, fy = px - left, py - top
    right, bottom = jnp.minimum(left + 1, size - 1), jnp.minimum(top + 1, size - 1)
    flat = pictures.reshape(count, -1).astype(jnp.float32)
    at = lambda row, column: jnp.take_along_axis(flat, (row * size + column).reshape(count, -1), 1).reshape(px.shape)
    upper = at(top, left) * (1 - fx) + at(top, right) * fx
    lower = at(bottom, left) * (1 - fx) + at(bottom, right) * fx
    return (upper * (1 - fy) + lower * fy) / 255


def filtered(x, taps, stride, pads):
    kernel = jnp.outer(taps, taps)[:, :, None, None]
    return jax.lax.conv_general_dilated(x[..., None], kernel, (stride, stride), (pads, pads),
                                        dimension_numbers=("NHWC", "HWIO", "NHWC"))[..., 0]


def halved(crops):
    return filtered(crops, jnp.asarray(HALVING), 2, (1, 1))


def normalised(x):
    x = x - x.mean((1, 2), keepdims=True)
    return x / jnp.sqrt((x * x).mean((1, 2), keepdims=True) + LEAST_VARIANCE)


def plain(pictures, crops):
    """What the network sees of pictures whose crops are given as rows of middle, side, turn."""
    x, y, side, turn = crops.T
    return normalised(halved(cut(pictures, x, y, side, side, turn)))


def varied(key, pictures, crops):
    """The same, each picture as if taken otherwise: turned, shifted, mirrored, nearer, lit, blurred, noisy, covered."""
    keys = iter(jax.random.split(key, 20))
    count = len(pictures)
    normal = lambda sd: sd * jax.random.normal(next(keys), (count,))
    between = lambda low, high, shape=(count, 1, 1): jax.random.uniform(next(keys), shape, minval=low, maxval=high)
    x, y, side, turn = crops.T
    mirror = jnp.where(jax.random.bernoulli(next(keys), 0.5, (count,)), -1.0, 1.0)
    size, aspect = side * jnp.exp(normal(0.09)), jnp.exp(normal(0.04))
    x, y = x + side * normal(0.04), y + side * normal(0.04)
    seen = cut(pictures, x, y, mirror * size * aspect, size / aspect, turn + normal(0.15))
    seen = jnp.clip(seen, 1e-3, 1) ** jnp.exp(0.3 * jax.random.normal(next(keys), (count, 1, 1)))
    seen = halved(seen)
    line = jnp.linspace(-1, 1, SIDE)
    seen = seen * (1 + between(-0.3, 0.3) * line[None, None, :] + between(-0.3, 0.3) * line[None, :, None])
    soft = filtered(jnp.pad(seen, ((0, 0), (2, 2), (2, 2)), "edge"), jnp.array([1, 4, 6, 4, 1]) / 16, 1, (0, 0))
    # Blurred where the share is above 0, sharpened below.
    share = between(-0.6, 1.0)
    seen = seen + share * (soft - seen)
    seen = seen + between(0.0, 0.05) * jax.random.normal(next(keys), seen.shape)
    # Something before the face, half of the time.
    place = jnp.arange(SIDE)
    width, height = between(8.0, 26.0), between(8.0, 26.0)
    left, top = between(-8.0, 50.0), between(-8.0, 50.0)
    within = (place[None, None, :] >= left) & (place[None, None, :] < left + width)
    within &= (place[None, :, None] >= top) & (place[None, :, None] < top + height)
    covered = within & jax.random.bernoulli(next(keys), 0.5, (count, 1, 1))
    return normalised(jnp.where(covered, between(0.0, 1.0), seen))


@partial(jax.jit, static_argnums=(0, 5))
def read(shape, weights, running, pictures, crops, numbers=jnp.float32):
    logits, features, _ = forward(shape, weights, running, plain(pictures, crops), numbers)
    return logits, features


def folded(shape, weights, running):
    """(kernel OIHW, bias) of each convolution with its normalisation, by name."""
    done = {}
    for name, *_ in shape.convolutions():
        own, theirs = weights[name], running[name]
        scale = np.asarray(own["scale"]) / np.sqrt(np.asarray(theirs["variance"]) + NEARLY_NOTHING)
        kernel = np.asarray(own["kernel"]) * scale
        done[name] = kernel.transpose(3, 2, 0, 1), np.asarray(own["shift"]) - np.asarray(theirs["mean"]) * scale
    return done


def export(shape, weights, running, temperature, path, doc):
    """The network as ONNX: image [N, 3, 112, 112], RGB in 0…255 → logits [N, 7], features [N, 128]."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants = [], []

    def constant(values, name):
        constants.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def add(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    halving = np.outer(HALVING, HALVING)[None, None] * np.reshape(GREY, (1, 3, 1, 1)) / 255
    grey = add("Conv", ["image", constant(halving, "halving")], "grey", kernel_shape=[4, 4], strides=[2, 2], pads=[1] * 4)
    add("Sub", [grey, add("ReduceMean", [grey], "mean", axes=[2, 3])], "apart")
    add("ReduceMean", [add("Mul", ["apart", "apart"], "squares")], "variance", axes=[2, 3])
    add("Sqrt", [add("Add", ["variance", constant(LEAST_VARIANCE, "least")], "enough")], "deviation")
    x = add("Div", ["apart", "deviation"], "normal")
    layers = folded(shape, weights, running)
    for name, size, _, _, stride in shape.convolutions():
        kernel, bias = layers[name]
        inputs = [inner if name.endswith("b") else x, constant(kernel, f"{name}.kernel"), constant(bias, f"{name}.bias")]
        made = add("Conv", inputs, name, kernel_shape=[size] * 2, strides=[stride] * 2, pads=[size // 2] * 4)
        if name.endswith("a"):
            inner = add("Relu", [made], f"{name}.relu")
        else:
            x = add("Relu", [add("Add", [x, made], f"{name}.sum") if name.endswith("b") else made], f"{name}.relu")
    add("Flatten", [add("GlobalAveragePool", [x], "pooled")], "features")
    kernel = constant(np.asarray(weights["labels"]["kernel"]) / temperature, "labels.kernel")
    add("Gemm", ["features", kernel, constant(np.asarray(weights["labels"]["shift"]) / temperature, "labels.bias")], "logits")
    value = lambda name, dimensions: helper.make_tensor_value_info(name, TensorProto.FLOAT, dimensions)
    graph = helper.make_graph(nodes, "expression", [value("image", ["N", 3, CROP, CROP])],
                              [value("logits", ["N", LABELS]), value("features", ["N", shape.channels[-1]])], constants,
                              doc_string=doc)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9, producer_name="circumplex")
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
