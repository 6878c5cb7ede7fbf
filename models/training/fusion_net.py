"""The fusion network: causal gated recursive joint cross-attention on top of a calibrated late fusion.

What a modality gives at a tick (fusion_data.py) is a token. In two recursions the tokens of the three modalities attend to
what all of them said lately, through one decaying correlation matrix each; a gate of each recursion, and one over all of
them, choose how much of that is taken up (equations: gated recursive joint cross-attention, made causal with exponential
forgetting). The answer is a log-linear pool of the modalities' own readings,

    log p = sum_m weight_m * log p_m + residual,    weight_m = present_m * trust_m * exp(-age_m / fade_m) * power_m

where trust_m, 0…1, falls with what the stages measured to be worse than usual, and can't rise with it: those weights are
held positive. What attention finds is added to trust_m's logit and to the residual, through matrices that begin at
nothing: untrained it is a late fusion.

Every function works on one tick, with explicit state, so that streamed and in batch are the same.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from fusion_data import AGE, KNOWN, PRESENT, READING, RELIABILITIES, RELIABILITY

LABELS = 7
MODALITIES = 3
LEAST = 1e-6
# Better (1) or worse (-1) when larger, of the face's, the voice's and the words' reliabilities; 0 says neither.
SIGNS = np.zeros((MODALITIES, RELIABILITIES), np.float32)
SIGNS[0] = [1, 1, 1, 1, 1, 1, -1, -1, -1, 0, 0]
SIGNS[1, :4] = [1, -1, 1, 1]
SIGNS[2, :2] = [1, 1]
# Ages beyond this are all old, seconds.
OLD_SECS = 5.0


@dataclass(frozen=True)
class Shape:
    """Widths of tokens and of what all say together; recursions; what is left out."""

    token: int = 32
    joint: int = 48
    recursions: int = 2
    has_gates: bool = True
    has_attention: bool = True
    has_reliability: bool = True


def normalising(rows):
    """Mean and spread of the reliabilities where a modality is there, from clean rows [N, 3, WIDTH]."""
    mean, sd = np.zeros((MODALITIES, RELIABILITIES), np.float32), np.ones((MODALITIES, RELIABILITIES), np.float32)
    for place in range(MODALITIES):
        there = rows[rows[:, place, PRESENT] > 0, place, RELIABILITY]
        if len(there) > 1:
            mean[place] = np.median(there, 0)
            low, high = np.percentile(there, [16, 84], axis=0)
            sd[place] = np.maximum((high - low) / 2, 0.02)
    return {"mean": mean, "sd": sd}


def start(shape, key, normal):
    """The weights."""
    d, j, wide = shape.token, shape.joint, LABELS + RELIABILITIES + 3
    keys = iter(jax.random.split(key, 64))
    spread = lambda rows, columns, scale=1.0: jax.random.normal(next(keys), (MODALITIES, rows, columns)) * scale / rows ** 0.5
    weights = {
        "normal": {name: jnp.asarray(value) for name, value in normal.items()},
        "token": spread(wide, d), "token_bias": jnp.zeros((MODALITIES, d)),
        "joint": jax.random.normal(next(keys), (MODALITIES * (d + 1), j)) / (MODALITIES * d) ** 0.5,
        "power": jnp.full(MODALITIES, inverse_softplus(0.8)), "fade": jnp.log(jnp.array([0.5, 2.0, 6.0])),
        "trust": jnp.full(MODALITIES, 2.0), "worse": jnp.full((MODALITIES, RELIABILITIES), inverse_softplus(0.15)),
        "trust_token": jnp.zeros((MODALITIES, d)), "trust_joint": jnp.zeros((j, MODALITIES)),
        "residual": jnp.zeros((d, LABELS)), "stage": spread(d, shape.recursions + 1, 0.1),
        "forget": jnp.log(jnp.array([3.0] * shape.recursions)),
    }
    for at in range(shape.recursions):
        weights[f"recursion{at}"] = {
            "k": spread(d, d), "v": spread(d, d), "q": jax.random.normal(next(keys), (j, j)) / j ** 0.5,
            "o": spread(j, d, 0.1), "gate": spread(2 * d, 2, 0.1)}
    return weights


def inverse_softplus(value):
    return float(np.log(np.expm1(value)))


def nothing(shape, batch):
    """The state before the first tick."""
    size = (batch, shape.recursions, MODALITIES)
    return {"sums": jnp.zeros((*size, shape.token, shape.joint)), "mass": jnp.zeros(size)}


def worse_than_usual(weights, rows):
    """How much worse each reliability is than usual [B, 3, R], 0…3, and all of them in spreads from the usual, −3…3."""
    apart = (rows[..., RELIABILITY] - weights["normal"]["mean"]) / weights["normal"]["sd"]
    apart = jnp.clip(apart, -3, 3)
    return jnp.maximum(0.0, -apart * SIGNS), apart


def step(shape, weights, state, rows, secs):
    """One tick: `rows` [B, 3, WIDTH], `secs` since the last one → state, {logits, trust, weight, stage}."""
    present = rows[..., PRESENT]
    age = jnp.clip(rows[..., AGE], 0, OLD_SECS)
    logs = jnp.where(present[..., None] > 0, rows[..., READING], 0.0)
    worse, apart = worse_than_usual(weights, rows)
    logit = weights["trust"]
    if shape.has_reliability:
        logit = logit - (jax.nn.softplus(weights["worse"]) * worse).sum(-1)
    residual = 0.0
    stages = jnp.zeros((*present.shape, shape.recursions + 1))
    if shape.has_attention:
        sure = logs - logs.mean(-1, keepdims=True)
        about = jnp.stack([age, rows[..., KNOWN], present], -1)
        seen = apart if shape.has_reliability else jnp.zeros_like(apart)
        wide = jnp.concatenate([sure, seen, about], -1) * present[..., None]
        token = jnp.tanh(jnp.einsum("bmi,mij->bmj", wide, weights["token"]) + weights["token_bias"]) * present[..., None]
        joint = jnp.tanh(jnp.concatenate([token, present[..., None]], -1).reshape(len(rows), -1) @ weights["joint"])
        state, tokens = recursions(shape, weights, state, token, joint, present, secs)
        stages = jax.nn.softmax(jnp.einsum("bmi,mis->bms", tokens[-1], weights["stage"]), -1)
        if not shape.has_gates:
            stages = jnp.zeros_like(stages).at[..., -1].set(1.0)
        token = sum(stages[..., at, None] * one for at, one in enumerate(tokens))
        logit = logit + (token * weights["trust_token"]).sum(-1) + joint @ weights["trust_joint"]
    trust = jax.nn.sigmoid(logit)
    weight = present * trust * jnp.exp(-age / jnp.exp(weights["fade"])) * jax.nn.softplus(weights["power"])
    if shape.has_attention:
        share = weight / (weight.sum(-1, keepdims=True) + LEAST)
        residual = (share[..., None] * token).sum(1) @ weights["residual"]
    return state, {"logits": (weight[..., None] * logs).sum(1) + residual, "trust": logit, "weight": weight, "stage": stages}


def recursions(shape, weights, state, token, joint, present, secs):
    sums, mass, tokens = state["sums"], state["mass"], [token]
    for at in range(shape.recursions):
        own = weights[f"recursion{at}"]
        kept = jnp.exp(-secs / jnp.exp(weights["forget"][at]))
        project = lambda name: jnp.einsum("bmi,mij->bmj", tokens[-1], own[name])
        q = joint @ own["q"]
        new = present[..., None, None] * project("k")[..., None] * q[:, None, None, :] * (secs / 0.1)
        after, heavy = kept * sums[:, at] + new, kept * mass[:, at] + present * (secs / 0.1)
        sums, mass = sums.at[:, at].set(after), mass.at[:, at].set(heavy)
        correlation = jnp.tanh(after / (shape.joint ** 0.5 * jnp.maximum(heavy, 1.0)[..., None, None]))
        found = jnp.einsum("bmi,bmij->bmj", project("v"), correlation)
        attended = tokens[-1] + jnp.tanh(jnp.einsum("bmj,mji->bmi", found, own["o"]))
        gate = jax.nn.softmax(jnp.einsum("bmi,mig->bmg", jnp.concatenate([attended, tokens[-1]], -1), own["gate"]), -1)
        if not shape.has_gates:
            gate = jnp.zeros_like(gate).at[..., 1].set(1.0)
        tokens.append((gate[..., :1] * tokens[-1] + gate[..., 1:] * attended) * present[..., None])
    return {"sums": sums, "mass": mass}, tokens


def run(shape, weights, rows, secs):
    """Whole sequences [B, T, 3, WIDTH] → {logits [B, T, 7], trust, weight [B, T, 3], stage}."""
    def one(state, tick):
        return step(shape, weights, state, tick, secs)
    _, out = jax.lax.scan(one, nothing(shape, len(rows)), jnp.swapaxes(rows, 0, 1))
    return {name: jnp.swapaxes(value, 0, 1) for name, value in out.items()}


def concatenation_start(shape, key, normal):
    """The concatenation's weights: words, voice, face and movement side by side, two layers."""
    keys = jax.random.split(key, 2)
    wide, hidden = MODALITIES * (LABELS + RELIABILITIES + 3), 96
    return {"normal": {name: jnp.asarray(value) for name, value in normal.items()},
            "hidden": jax.random.normal(keys[0], (wide, hidden)) / wide ** 0.5, "hidden_bias": jnp.zeros(hidden),
            "labels": jax.random.normal(keys[1], (hidden, LABELS)) / hidden ** 0.5, "bias": jnp.zeros(LABELS)}


def concatenation(weights, rows):
    """The concatenation: rows [B, T, 3, WIDTH] → logits [B, T, 7]."""
    present = rows[..., PRESENT, None]
    _, apart = worse_than_usual(weights, rows)
    logs = rows[..., READING]
    sure = (logs - logs.mean(-1, keepdims=True)) / 3
    about = jnp.stack([jnp.clip(rows[..., AGE], 0, OLD_SECS), rows[..., KNOWN], rows[..., PRESENT]], -1)
    wide = (jnp.concatenate([sure, apart, about], -1) * present).reshape(*rows.shape[:2], -1)
    return jax.nn.relu(wide @ weights["hidden"] + weights["hidden_bias"]) @ weights["labels"] + weights["bias"]
