"""The words head: one hidden layer that several sets of text train together, and its ONNX form."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import optax
from onnx import TensorProto, helper, numpy_helper
from tqdm import tqdm

from words_encode import FEATURES

HIDDEN = 170
MIDDLE = 3.0
BATCH = 512
RATE = 2e-3
DECAY = 0.1
DROP_INPUT = 0.2
DROP_HIDDEN = 0.4
SPREAD = {"target": 7, "rating": 2, "doubt": 2, "opinion": 1, "goemotions": 28, "xed": 8}
# What each loss weighs beside the labels' own.
WEIGHTS = {"rating": 2.0, "doubt": 0.3, "opinion": 1.0, "goemotions": 6.0, "xed_target": 0.5, "xed": 2.0}


@dataclass
class Samples:
    """Rows of all sets together; NaN where a set says nothing."""

    features: np.ndarray  # [N, 2688] float16
    target: np.ndarray  # [N, 7]
    has_neutral: np.ndarray  # [N] 1 where neutral was among the labels to choose from
    rating: np.ndarray  # [N, 2]
    opinion: np.ndarray  # [N]
    goemotions: np.ndarray  # [N, 28]
    xed: np.ndarray  # [N, 8]


@dataclass
class Scale:
    """Standardisation of the features."""

    mean: np.ndarray
    deviation: np.ndarray


def scale_of(features: np.ndarray) -> Scale:
    wide = np.asarray(features[:: max(1, len(features) // 20000)], np.float32)
    return Scale(wide.mean(0), wide.std(0) + 1e-4)


def _start(seed: int) -> dict:
    keys = iter(jax.random.split(jax.random.key(seed), 1 + len(SPREAD)))
    net = {"hidden": (jax.random.normal(next(keys), (FEATURES, HIDDEN)) / FEATURES**0.5, jnp.zeros(HIDDEN))}
    for name, width in SPREAD.items():
        net[name] = (jax.random.normal(next(keys), (HIDDEN, width)) * 0.3 / HIDDEN**0.5, jnp.zeros(width))
    return net


def _forward(net, x, key=None):
    if key is not None:
        key, other = jax.random.split(key)
        x = x * jax.random.bernoulli(key, 1 - DROP_INPUT, x.shape) / (1 - DROP_INPUT)
    weights, bias = net["hidden"]
    hidden = jax.nn.relu(x @ weights + bias)
    if key is not None:
        hidden = hidden * jax.random.bernoulli(other, 1 - DROP_HIDDEN, hidden.shape) / (1 - DROP_HIDDEN)
    return {name: hidden @ net[name][0] + net[name][1] for name in SPREAD}


def _mean_where_known(loss, known):
    return jnp.where(known, loss, 0).sum() / known.size


def _loss(net, batch, key):
    x, target, has_neutral, rating, opinion, goemotions, xed = batch
    out = _forward(net, x, key)

    # Where neutral wasn't offered, the others are compared among themselves.
    offered = out["target"].at[:, 0].add(jnp.where(has_neutral, 0.0, -1e4))
    cross = -(jnp.nan_to_num(target) * jax.nn.log_softmax(offered)).sum(1)
    cross *= jnp.where(has_neutral, 1, WEIGHTS["xed_target"])
    loss = _mean_where_known(cross, ~jnp.isnan(target[:, 0]))

    known = ~jnp.isnan(rating)
    miss = jnp.nan_to_num(rating) - MIDDLE - out["rating"]
    loss += WEIGHTS["rating"] * 10 * _mean_where_known(miss**2, known)
    doubt = jnp.clip(out["doubt"], -5, 2)
    likely = 0.5 * jax.lax.stop_gradient(miss) ** 2 * jnp.exp(-2 * doubt) + doubt
    loss += WEIGHTS["doubt"] * _mean_where_known(likely, known)

    miss = jnp.nan_to_num(opinion) - out["opinion"][:, 0]
    loss += WEIGHTS["opinion"] * 4 * _mean_where_known(miss**2, ~jnp.isnan(opinion))
    for name, given in (("goemotions", goemotions), ("xed", xed)):
        binary = optax.sigmoid_binary_cross_entropy(out[name], jnp.nan_to_num(given))
        loss += WEIGHTS[name] * _mean_where_known(binary, ~jnp.isnan(given))
    return loss


def train(samples: Samples, scale: Scale, seed: int, epochs: int, after_epoch=lambda epoch, net: None):
    """One network from one seed. `after_epoch` sees it after each pass over the samples."""
    steps = epochs * (len(samples.target) // BATCH)
    rate = optax.warmup_cosine_decay_schedule(0.0, RATE, steps // 20, steps)
    optimiser = optax.adamw(rate, weight_decay=DECAY)
    mean, inverse = jnp.asarray(scale.mean), jnp.asarray(1 / scale.deviation)

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(net, state, features, known, key):
        x = (features.astype(jnp.float32) - mean) * inverse
        loss, slope = jax.value_and_grad(_loss)(net, (x, *known), key)
        change, state = optimiser.update(slope, state, net)
        return optax.apply_updates(net, change), state, loss

    net = _start(seed)
    state = optimiser.init(net)
    key = jax.random.key(seed + 1000)
    order = np.random.default_rng(seed)
    known = (samples.target, samples.has_neutral, samples.rating, samples.opinion, samples.goemotions, samples.xed)
    with tqdm(total=steps, desc=f"seed {seed}", mininterval=5) as bar:
        for epoch in range(epochs):
            shuffled = order.permutation(len(samples.target))
            for first in range(0, len(shuffled) - BATCH + 1, BATCH):
                rows = shuffled[first : first + BATCH]
                key, now = jax.random.split(key)
                net, state, loss = step(net, state, samples.features[rows], tuple(k[rows] for k in known), now)
                bar.update()
            bar.set_postfix(loss=f"{float(loss):.3f}")
            after_epoch(epoch, net)
    return jax.tree.map(np.asarray, net)


def give(net: dict, scale: Scale, features: np.ndarray) -> dict[str, np.ndarray]:
    """What a network gives for embeddings."""
    parts = []
    run = jax.jit(_forward)
    for first in range(0, len(features), 4096):
        x = (np.asarray(features[first : first + 4096], np.float32) - scale.mean) / scale.deviation
        parts.append({name: np.asarray(value) for name, value in run(net, x).items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in SPREAD}


@dataclass
class Calibration:
    """What is fitted on validation parts after training."""

    temperature: float  # of the labels
    doubt: np.ndarray  # [2] factors on the standard deviations of ratings
    rest: np.ndarray  # [2] rating that is the circumplex's origin
    slope: np.ndarray  # [2] circumplex per point of rating


def mean_of(nets: list[dict]) -> dict:
    """The mean of several networks as one: their hidden layers side by side."""
    net = {"hidden": tuple(np.concatenate([net["hidden"][i] for net in nets], -1) for i in (0, 1))}
    for name in SPREAD:
        weights = np.concatenate([net[name][0] for net in nets]) / len(nets)
        net[name] = (weights, np.mean([net[name][1] for net in nets], 0))
    return net


def export(net: dict, scale: Scale, calibration: Calibration) -> onnx.ModelProto:
    """A network as ONNX, standardisation and calibration inside. The large weights are kept as float16."""
    temperature, slope = calibration.temperature, calibration.slope
    affect_bias = (net["rating"][1] + MIDDLE - calibration.rest) * slope
    heads = {
        "logits": (net["target"][0] / temperature, net["target"][1] / temperature),
        "affect_free": (net["rating"][0] * slope, affect_bias),
        "doubt_free": (net["doubt"][0], net["doubt"][1] + np.log(calibration.doubt * slope)),
    }
    weights = {
        "mean": scale.mean,
        "inverse": 1 / scale.deviation,
        "hidden_bias": net["hidden"][1],
        "least": -1,
        "most": 1,
        "least_doubt": np.log(0.02),
        "most_doubt": 0,
    }
    nodes = [
        helper.make_node("Sub", ["features", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "inverse"], ["scaled"]),
        helper.make_node("Cast", ["hidden_half"], ["hidden_weights"], to=TensorProto.FLOAT),
        helper.make_node("Gemm", ["scaled", "hidden_weights", "hidden_bias"], ["hidden_sum"]),
        helper.make_node("Relu", ["hidden_sum"], ["hidden"]),
    ]
    for name, (matrix, offset) in heads.items():
        weights[f"{name}_weights"], weights[f"{name}_bias"] = matrix, offset
        nodes.append(helper.make_node("Gemm", ["hidden", f"{name}_weights", f"{name}_bias"], [name]))
    nodes += [
        helper.make_node("Clip", ["affect_free", "least", "most"], ["affect"]),
        helper.make_node("Clip", ["doubt_free", "least_doubt", "most_doubt"], ["doubt"]),
        helper.make_node("Exp", ["doubt"], ["affect_sd"]),
    ]
    stored = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in weights.items()]
    stored.append(numpy_helper.from_array(net["hidden"][0].astype(np.float16), "hidden_half"))
    value = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width])
    graph = helper.make_graph(
        nodes,
        "words_head",
        [value("features", FEATURES)],
        [value("logits", 7), value("affect", 2), value("affect_sd", 2)],
        stored,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"rest": str(calibration.rest.tolist()), "slope": str(slope.tolist())})
    onnx.checker.check_model(model, full_check=True)
    return model
