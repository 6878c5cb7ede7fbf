"""Trains and measures the fusion network: `python models/training/fusion.py --data DIR [--evaluate]`.

DIR holds `java-sed/{audio,video}`, `ravdess/speech` and `ferplus`. What fusion is given is computed by the program
(fusion_data.py) and kept in models/training/cache. With `--evaluate` it only measures: leave one speaker out, SEEDS seeds,
each fusion clean and with every trouble, and writes models/training/reports/fusion.json.
"""

import argparse
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from tqdm import tqdm

import corpora
import fusion_data
import fusion_net
from fusion_data import CLEAN, KINDS, PRESENT, QUALITY, AGE, READING, TICK_SECS, TROUBLES
from fusion_net import Shape
from heads import LABELS, ROOT, calibrate, log_softmax, report, uar

SEEDS = [0, 1, 2]
STEPS = 300
BATCH = 48
RATE = 3e-3
DECAY = 1e-2
TICKS = 56
ORDERS = 3
# How much it counts to know what is spoilt, and to keep near the late fusion.
TRUST_LOSS = 0.3
RESIDUAL_LOSS = 0.02
# In training, a modality is taken away altogether so often.
DROPPED = 0.12
CLEAN_SHARE = 0.4
LATE = {"trust": np.array([1.0, 1.0, 0.5]), "fade": np.array([0.5, 2.0, 6.0])}
FUSIONS = {"ungated": Shape(has_gates=False, has_reliability=False), "gated": Shape(), "gates alone": Shape(has_attention=False)}


def late(rows):
    """The program's late fusion: log-probabilities [..., 7], weights [..., 3]; NaN where nothing is present."""
    present = rows[..., PRESENT] > 0
    trust = np.where(present, LATE["trust"], 0)
    reliable = rows[..., QUALITY].clip(0, 1) * np.exp(-rows[..., AGE] / LATE["fade"])
    power = trust / np.maximum(trust.max(-1, keepdims=True), 1e-4) * reliable
    p = np.exp(rows[..., READING])
    sure = (1 + (np.where(p > 0, p * rows[..., READING], 0)).sum(-1) / np.log(7)).clip(0.1, 1)
    weight = power * sure * present
    counted = np.maximum(rows[..., READING], np.log(1e-4))
    logs = log_softmax(((power * present)[..., None] * counted).sum(-2).reshape(-1, 7)).reshape(*rows.shape[:-2], 7)
    logs[weight.sum(-1) < 1e-4] = np.nan
    return logs, weight


class Set:
    """Sequences of one length, padded: rows [N, T, 3, WIDTH], label [N], trouble [N, T, 3], kind [N]."""

    def __init__(self, found, gathered, speakers):
        rows, labels, troubles, kinds = [], [], [], []
        for _, _, passes in gathered:
            for (name, kind), one in passes.items():
                recording = found[name, kind]
                if recording.speaker not in speakers:
                    continue
                padded = np.zeros((TICKS, *one.shape[1:]), np.float32)
                trouble = np.zeros((TICKS, 3), np.float32)
                count = min(len(one), TICKS)
                padded[:count], trouble[:count] = one[:count], recording.trouble[:count]
                rows.append(padded), labels.append(recording.label), troubles.append(trouble), kinds.append(KINDS.index(kind))
        self.rows, self.labels, self.trouble, self.kinds = map(np.array, (rows, labels, troubles, kinds))


@partial(jax.jit, static_argnums=0)
def loss_of(shape, weights, rows, labels, trouble):
    there = (rows[..., PRESENT].sum(-1) > 0).astype(jnp.float32)
    if shape is None:
        logits, extra = fusion_net.concatenation(weights, rows), 0.0
    else:
        out = fusion_net.run(shape, weights, rows, TICK_SECS)
        logits = out["logits"]
        extra = RESIDUAL_LOSS * (weights["residual"] ** 2).sum()
        if shape.has_reliability:
            counted = rows[..., PRESENT] * jnp.where(trouble > 0, 2.0, 1.0)
            found = optax.sigmoid_binary_cross_entropy(out["trust"], 1 - trouble)
            extra += TRUST_LOSS * (found * counted).sum() / (counted.sum() + 1e-6)
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, jnp.broadcast_to(labels[:, None], logits.shape[:2]))
    return (losses * there).sum() / (there.sum() + 1e-6) + extra


def train(shape, data, seed):
    """Weights for a shape (None: the concatenation) from a set."""
    key, rng = jax.random.PRNGKey(seed), np.random.default_rng(seed)
    clean = data.rows[data.kinds == 0]
    normal = fusion_net.normalising(clean.reshape(-1, *clean.shape[2:]))
    weights = fusion_net.concatenation_start(None, key, normal) if shape is None else fusion_net.start(shape, key, normal)
    normal = weights.pop("normal")
    schedule = optax.cosine_decay_schedule(RATE, STEPS)
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=DECAY))
    state = optimiser.init(weights)

    @jax.jit
    def update(weights, state, rows, labels, trouble):
        value, slope = jax.value_and_grad(lambda w: loss_of(shape, w | {"normal": normal}, rows, labels, trouble))(weights)
        change, state = optimiser.update(slope, state, weights)
        return optax.apply_updates(weights, change), state, value

    is_clean = data.kinds == 0
    chance = np.where(is_clean, CLEAN_SHARE / is_clean.sum(), (1 - CLEAN_SHARE) / (~is_clean).sum())
    for _ in range(STEPS):
        picked = rng.choice(len(data.rows), BATCH, p=chance)
        rows = data.rows[picked].copy()
        for place in range(2):
            rows[rng.random(BATCH) < DROPPED, :, place] = 0
        weights, state, _ = update(weights, state, rows, data.labels[picked], data.trouble[picked])
    return weights | {"normal": normal}


@partial(jax.jit, static_argnums=0)
def forward(shape, weights, rows):
    if shape is None:
        return {"logits": fusion_net.concatenation(weights, rows), "weight": jnp.zeros(rows.shape[:3])}
    return fusion_net.run(shape, weights, rows, TICK_SECS)


def read(shape, weights, rows, temperature=1.0):
    """Log-probabilities [N, T, 7], NaN where nothing is present, and weights [N, T, 3]."""
    out = forward(shape, weights, rows)
    logs = log_softmax((np.asarray(out["logits"]) / temperature).reshape(-1, 7)).reshape(*rows.shape[:2], 7)
    logs = np.where((rows[..., PRESENT].sum(-1) > 0)[..., None], logs, np.nan)
    return logs, np.asarray(out["weight"])


def temperature_of(shape, weights, data):
    logs, _ = read(shape, weights, data.rows)
    there = np.isfinite(logs[..., 0])
    labels = np.broadcast_to(data.labels[:, None], there.shape)[there]
    return calibrate(logs[there], labels, np.ones(len(labels)))[0]


def clip_scores(logs):
    """Mean log-probabilities of each sequence; None where nothing was read."""
    there = np.isfinite(logs[..., 0])
    return [one[seen].mean(0) if seen.any() else None for one, seen in zip(logs, there)]


def auc(score, positive):
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    ranks[order] = np.arange(len(score))
    n = positive.sum()
    return float((ranks[positive].sum() - n * (n - 1) / 2) / (n * (len(score) - n))) if 0 < n < len(score) else float("nan")


def evaluate(data, cache, program, seeds):
    found = fusion_data.recordings(data, cache, program)
    heads = fusion_data.Heads(data, cache)
    speakers = sorted({one.speaker for one in found.values()})
    scores = {}
    for seed in seeds:
        for tested in tqdm(speakers, desc=f"seed {seed}"):
            gathered = fusion_data.readings(found, heads, cache, tested, ORDERS)
            others = [speaker for speaker in speakers if speaker != tested]
            held = others[(seed + tested) % len(others)]
            training = Set(found, gathered, [speaker for speaker in others if speaker != held])
            holding = Set(found, gathered, [held])
            fitted = {name: train(shape, training, seed) for name, shape in (FUSIONS | {"concatenation": None}).items()}
            for way in ("afresh", "carried"):
                own = [one for one in gathered if one[0] == way][seed % ORDERS if way == "carried" else 0]
                tests = Set(found, [own], [tested])
                modalities = {"all": [], "face": [1], "voice": [0]}
                for name, away in modalities.items():
                    rows = tests.rows.copy()
                    rows[:, :, away] = 0
                    logs, weight = late(rows)
                    keep(scores, (way, "late", name, seed), tests, logs, weight)
                    for fusion, weights in fitted.items():
                        shape = FUSIONS.get(fusion)
                        logs, weight = read(shape, weights, rows, temperature_of(shape, weights, holding))
                        keep(scores, (way, fusion, name, seed), tests, logs, weight)
    return scores


def keep(scores, key, tests, logs, weight):
    scores.setdefault(key, []).append((tests.labels, tests.kinds, clip_scores(logs), weight, tests.trouble, tests.rows[..., PRESENT]))


def tables(scores):
    found = {}
    for (way, fusion, name, seed), parts in scores.items():
        labels, kinds = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
        clips = [one for part in parts for one in part[2]]
        row = {}
        for at, kind in enumerate(KINDS):
            picked = np.flatnonzero(kinds == at)
            row[kind] = uar(labels[picked], [clips[place] for place in picked])
        row["corrupted"] = float(np.mean([row[kind] for kind in TROUBLES]))
        if name == "all":
            weight, trouble, present = (np.concatenate([part[at] for part in parts]) for at in (3, 4, 5))
            gates = weight / np.maximum(weight.sum(-1, keepdims=True), 1e-9)
            both = present[..., :2].all(-1)
            aucs = []
            for kind, modality in TROUBLES.items():
                some = both & (kinds == KINDS.index(kind))[:, None]
                place = fusion_data.MODALITIES.index(modality)
                aucs.append(auc(-gates[..., place][some], trouble[..., place][some] > 0))
                row[f"auc {kind}"] = aucs[-1]
            row["auc"] = float(np.nanmean(aucs))
        found.setdefault(f"{way}, {fusion}, {name}", []).append(row)
    return {key: {name: [round(float(np.mean([row[name] for row in rows])), 2), round(float(np.std([row[name] for row in rows])), 2)]
                  for name in rows[0]} for key, rows in found.items()}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--cache", type=Path, default=Path(__file__).parent / "cache")
    arguments.add_argument("--program", type=Path, default=ROOT / "target/release/circumplex")
    arguments.add_argument("--evaluate", action="store_true", help="measure only: nothing is written but the report")
    arguments.add_argument("--seeds", type=int, default=len(SEEDS))
    given = arguments.parse_args()
    found = tables(evaluate(given.data, given.cache, given.program.resolve(), SEEDS[:given.seeds]))
    for name, row in found.items():
        print(name, {key: value[0] for key, value in row.items()}, flush=True)
    report("fusion", {"seeds": SEEDS[:given.seeds], "labels": LABELS, "kinds": KINDS, "uar": found})


if __name__ == "__main__":
    main()
