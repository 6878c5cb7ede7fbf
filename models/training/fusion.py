"""Trains and measures the fusion networks: `python models/training/fusion.py --data DIR [--evaluate]`.

DIR holds `java-sed/{audio,video}`, `ravdess/speech`, `ferplus` and `text`. What fusion is given is computed by the program
(fusion_data.py) and kept in models/training/cache. Writes models/fusion_*.onnx and their tables in models/manifest.toml.
With `--evaluate` it only measures: leave one speaker out, SEEDS seeds, each fusion clean and with every trouble, and
writes models/training/reports/fusion.json; an evaluation that was stopped goes on where it was.
"""

import argparse
import hashlib
import pickle
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from tqdm import tqdm

import fusion_data
import fusion_export
import fusion_net
import fusion_report
import fusion_tables
import fusion_words
from fusion_data import AGE, KINDS, KNOWN, PRESENT, QUALITY, READING, RELIABILITY
from fusion_intervals import calibration_interval
from fusion_net import Shape
from heads import LABELS, ROOT, WAYS, calibrate, log_softmax, report
from keep import kept

SEEDS = [0, 1, 2]
STEPS = 240
BATCH = 48
RATE = 4e-3
DECAY = 1e-2
# Rows of the program's tables that a sequence is long, and every which one is trained on.
TICKS = 56
THIN = 2
ORDERS = 3
# How much the whole clip's answer counts beside each tick's, and each of the others.
CLIP_LOSS, TRUST_LOSS, SEVERAL_LOSS, RESIDUAL_LOSS = 0.5, 1.0, 0.3, 3.0
# In training, so often a modality is taken away, words are put beside, clips are clean, and a face gets the voice of
# another clip of its label.
DROPPED, WITH_WORDS, CLEAN_SHARE, PAIRED = 0.12, 0.5, 0.4, 0.7
# A reading of which so much is spoilt isn't to be trusted at all.
SPOILT = 0.5
# While its input is spoilt, a modality whose reading is from before is to be trusted less by so much.
NOW = 0.6
# Sequences that a file is checked on.
CHECKED = 8
LATE = {"trust": np.array([1.0, 1.0, 0.5]), "fade": np.array([0.5, 2.0, 6.0])}
SHAPES = {"gated": Shape(), "ungated": Shape(window=0, has_gates=False, has_labels=True), "gates alone": Shape(has_attention=False),
          "correlation": Shape(window=0), "concatenation": None}
ONLY_MEASURED = ("gates alone", "correlation")
MASKS = {"all": [], "face": [1, 2], "voice": [0, 2], "words": [0, 1], "face, voice": [2], "face, words": [1], "voice, words": [0]}


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
    """Sequences of one length, padded: rows [N, T, 3, WIDTH], readable [N, T, R], label [N], trouble [N, T, 3] (how
    much of what a reading rests on is spoilt, 0…1), bursts [N, T, 3] (when), kind [N]."""

    def __init__(self, found, gathered, speakers):
        rows, readables, labels, troubles, bursts, kinds = [], [], [], [], [], []
        pad = lambda one: np.concatenate([one[:TICKS], np.zeros((max(TICKS - len(one), 0), *one.shape[1:]), np.float32)])
        for _, _, passes in gathered:
            for (name, kind), one in passes.items():
                recording = found[name, kind]
                if recording.speaker in speakers:
                    rows.append(pad(one)), readables.append(pad(recording.readable))
                    troubles.append(pad(recording.spoilt)), bursts.append(pad(recording.trouble))
                    labels.append(recording.label), kinds.append(KINDS.index(kind))
        self.rows, self.readable, self.trouble = np.stack(rows), np.stack(readables), np.stack(troubles)
        self.bursts = np.stack(bursts) > 0
        self.labels, self.kinds = np.array(labels), np.array(kinds)

    def distrust(self):
        """How little each modality is to be trusted, 0…1: by what is spoilt of what it rests on, or now."""
        return np.maximum(np.minimum(self.trouble / SPOILT, 1.0), NOW * self.bursts)

    def pick(self, places):
        some = object.__new__(Set)
        vars(some).update({name: value[places].copy() for name, value in vars(self).items()})
        return some


def add_words(some, sentences, is_test, rng, share):
    """Puts sentences of the clips' labels beside a share of them; several labels at once [N, 7]. Words may be spoilt (and
    then are trouble), or be old ones of another label."""
    several = np.eye(len(LABELS), dtype=np.float32)[some.labels]
    usable = sentences.tested if is_test else ~sentences.tested
    times = np.arange(some.rows.shape[1]) * fusion_data.TICK_SECS
    for at in np.flatnonzero(rng.random(len(some.rows)) < share):
        kind = rng.choice(len(fusion_words.KINDS) + 1, p=[0.55, 0.1, 0.15, 0.2])
        is_stale = kind == len(fusion_words.KINDS)
        fits = sentences.several[:, some.labels[at]] > 0
        place = rng.choice(np.flatnonzero((~fits if is_stale else fits) & usable))
        kind = 0 if is_stale else kind
        ended = rng.uniform(-14, -5) if is_stale else rng.uniform(-4, times[-1] * 0.6)
        there = (times >= ended) & (some.rows[at, :, :2, PRESENT].sum(-1) > 0)
        sure = rng.beta(8, 3) if kind == 0 else rng.beta(5, 4)
        row = some.rows[at, :, 2]
        row[there, PRESENT], row[there, AGE], row[there, KNOWN], row[there, QUALITY] = 1, times[there] - ended, 0, sure
        row[there, READING] = sentences.logs[kind, place]
        row[there, RELIABILITY] = 0
        row[there, RELIABILITY.start], row[there, RELIABILITY.start + 1] = sure, sentences.pieces[kind, place]
        some.trouble[at, there, 2] = kind > 0 or is_stale
        if not is_stale:
            several[at] = np.maximum(several[at], sentences.several[place])
    return several


@partial(jax.jit, static_argnums=0)
def loss_of(shape, weights, rows, readable, labels, several, trouble):
    there = (rows[..., PRESENT].sum(-1) > 0).astype(jnp.float32)
    extra = 0.0
    if shape is None:
        logits = fusion_net.concatenation(weights, rows, readable)
    else:
        out = fusion_net.run(shape, weights, rows, readable, THIN * fusion_data.TICK_SECS)
        logits = out["logits"]
        extra = RESIDUAL_LOSS * ((out["residual"] ** 2).mean(-1) * there).sum() / (there.sum() + 1e-6)
        wanted = jnp.broadcast_to(several[:, None], out["several"].shape)
        for name, much in (("several", 1.0), ("joint", 0.3)):
            p = jnp.clip(out[name], 1e-5, 1 - 1e-5)
            crossed = -(wanted * jnp.log(p) + (1 - wanted) * jnp.log(1 - p)).mean(-1)
            extra += SEVERAL_LOSS * much * (crossed * there).sum() / (there.sum() + 1e-6)
        if shape.has_gates:
            counted = rows[..., PRESENT] * jnp.where(trouble > 0, 2.0, 1.0)
            told = optax.sigmoid_binary_cross_entropy(out["trust"], 1 - trouble)
            extra += TRUST_LOSS * (told * counted).sum() / (counted.sum() + 1e-6)
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, jnp.broadcast_to(labels[:, None], logits.shape[:2]))
    each = (losses * there).sum() / (there.sum() + 1e-6)
    scores = (jax.nn.log_softmax(logits, -1) * there[..., None]).sum(1) / (there.sum(1, keepdims=True) + 1e-6)
    whole = optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()
    return (1 - CLIP_LOSS) * each + CLIP_LOSS * whole + extra


def optimiser(steps):
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(optax.cosine_decay_schedule(RATE, steps), weight_decay=DECAY))


@partial(jax.jit, static_argnums=(0, 1))
def update(shape, steps, weights, normal, state, *batch):
    slope = jax.grad(lambda w: loss_of(shape, w | {"normal": normal}, *batch))(weights)
    change, state = optimiser(steps).update(slope, state, weights)
    return optax.apply_updates(weights, change), state


def train(shape, data, sentences, seed, steps=STEPS):
    """Weights for a shape (None: the concatenation) from a set."""
    key, rng = jax.random.PRNGKey(seed), np.random.default_rng(seed)
    clean = data.pick(data.kinds == 0)
    add_words(clean, sentences, False, rng, 0.3)
    normal = fusion_net.normalising(*[one.reshape(-1, *one.shape[2:]) for one in (clean.rows, clean.readable)])
    weights = fusion_net.concatenation_start(key, normal) if shape is None else fusion_net.start(shape, key, normal)
    normal = weights.pop("normal")
    state = optimiser(steps).init(weights)
    is_clean = data.kinds == 0
    chance = np.where(is_clean, CLEAN_SHARE / is_clean.sum(), (1 - CLEAN_SHARE) / (~is_clean).sum())
    of_label = {label: [np.flatnonzero((data.labels == label) & (is_clean == clean)) for clean in (False, True)]
                for label in np.unique(data.labels)}
    for _ in range(steps):
        some = data.pick(rng.choice(len(data.rows), BATCH, p=chance))
        for row in np.flatnonzero(rng.random(BATCH) < PAIRED):
            other = rng.choice(of_label[some.labels[row]][int(rng.random() < CLEAN_SHARE)])
            for mine, theirs in ((some.rows, data.rows), (some.trouble, data.trouble), (some.bursts, data.bursts)):
                mine[row, :, 1] = theirs[other, :, 1]
            some.readable[row, :, fusion_data.MOVEMENT:] = data.readable[other, :, fusion_data.MOVEMENT:]
        several = add_words(some, sentences, False, rng, WITH_WORDS)
        for place in range(3):
            some.rows[rng.random(BATCH) < DROPPED, :, place] = 0
        at = slice(rng.integers(THIN), None, THIN)
        batch = some.rows[:, at], some.readable[:, at], some.labels, several, some.distrust()[:, at]
        weights, state = update(shape, steps, weights, normal, state, *batch)
    return weights | {"normal": normal}


@partial(jax.jit, static_argnums=(0, 4))
def forward(shape, weights, rows, readable, compares):
    """What a network gives for sequences, and, if asked, the logits without each modality now [B, T, 3, 7]."""
    if shape is None:
        out = fusion_net.concatenation_compared(weights, rows, readable)
        return out | {"weight": out["gate"]}
    if not compares:
        return fusion_net.run(shape, weights, rows, readable)
    passed = jnp.full((rows.shape[0], 1), fusion_data.TICK_SECS)

    def one(state, tick):
        now, beside = tick
        away = [now.at[:, place].set(0.0) for place in range(3)]
        without = [fusion_net.step(shape, weights, state, one, beside, passed)[1]["logits"] for one in away]
        state, out = fusion_net.step(shape, weights, state, now, beside, passed)
        return state, out | {"without": jnp.stack(without, 1)}
    _, out = jax.lax.scan(one, fusion_net.nothing(shape, rows.shape[0]), (jnp.swapaxes(rows, 0, 1), jnp.swapaxes(readable, 0, 1)))
    return {name: jnp.swapaxes(value, 0, 1) for name, value in out.items()}


def read(name, fitted, rows, readable, temperature=1.0, compares=False):
    """{logs [N, T, 7], NaN where nothing is present; gate, weight [N, T, 3]; without [N, T, 3, 7] if asked; several, spread
    [N, T, 7]}."""
    normal = lambda logits: log_softmax(np.asarray(logits, np.float64).reshape(-1, 7) / temperature).reshape(logits.shape)
    there = rows[..., PRESENT].sum(-1) > 0
    if name == "late":
        logs, weight = late(rows)
        out = {"logs": logs, "gate": weight, "weight": weight}
        if compares:
            away = [np.where(np.arange(3)[:, None] == place, 0, rows) for place in range(3)]
            out["without"] = np.stack([late(one)[0] for one in away], 2)
    else:
        out = {key: np.asarray(value) for key, value in forward(SHAPES[name], fitted, rows, readable, compares).items()}
        out["logs"] = normal(out["logits"])
        if compares:
            out["without"] = normal(out["without"])
        out["logs"][~there] = np.nan
    for key in ("gate", "weight"):
        out[key] = out[key] / np.maximum(out[key].sum(-1, keepdims=True), 1e-9)
    return out


def temperature_of(name, fitted, data):
    logs = read(name, fitted, data.rows, data.readable)["logs"]
    there = np.isfinite(logs[..., 0])
    labels = np.broadcast_to(data.labels[:, None], there.shape)[there]
    return calibrate(logs[there], labels, np.ones(len(labels)))[0]


def fold(found, heads, sentences, tested, seeds):
    """A speaker read by fusions that met neither them nor one more, another for each seed; calibrated on those: {(seed, way,
    fusion, mask): what `fusion_tables` needs}."""
    speakers = sorted({one.speaker for one in found.values()})
    others = [speaker for speaker in speakers if speaker != tested]
    gathered = fusion_data.readings(found, heads, tested, ORDERS)
    fitted, results = {}, {}
    temperatures = {name: [] for name in SHAPES}
    for seed in seeds:
        held = others[(seed + tested) % len(others)]
        training = Set(found, gathered, [speaker for speaker in others if speaker != held])
        holding = Set(found, gathered, [held])
        rng = np.random.default_rng(seed)
        add_words(holding, sentences, False, rng, 0.3)
        fitted[seed] = {"late": None}
        for name, shape in SHAPES.items():
            fitted[seed][name] = train(shape, training, sentences, seed)
            temperatures[name].append(temperature_of(name, fitted[seed][name], holding))
    # One speaker tells little of how sure to be: temperatures are from .8 to 2.7.
    temperatures = {name: float(np.exp(np.mean(np.log(each)))) for name, each in temperatures.items()} | {"late": 1.0}
    for seed in seeds:
        for way in WAYS:
            own = [one for one in gathered if one[0] == way][seed % ORDERS if way == "carried" else 0]
            plain = Set(found, [own], [tested])
            paired = plain.pick(slice(None))
            several = add_words(paired, sentences, True, np.random.default_rng(seed), 1.0)
            for with_words, tests in ((False, plain), (True, paired)):
                # Without words there are face and voice; with them all subsets, of people as they are known.
                masks = MASKS if with_words else ("all", "face", "voice")
                for mask in masks if not with_words or way == "carried" else ():
                    away = MASKS[mask]
                    rows = tests.rows.copy()
                    rows[:, :, away] = 0
                    for name in fitted[seed]:
                        out = read(name, fitted[seed][name], rows, tests.readable, temperatures[name], mask == "all")
                        key = (seed, way, name, ("paired: " if with_words else "") + mask)
                        results[key] = fusion_tables.of_fold(out, tests, rows, several if with_words else None, mask == "all")
                        results[key]["temperature"] = temperatures[name]
    return results


def evaluate(found, heads, sentences, cache, seeds, speakers):
    parts = []
    for tested in tqdm(speakers or sorted({one.speaker for one in found.values()}), desc="speakers left out"):
        parts.append((tested, kept(cache / "fusion-evaluated", f"{tested} {seeds}", FILES,
                                   lambda: fold(found, heads, sentences, tested, seeds), fusion_data.networks())))
    return parts


# What an evaluation is made by, besides the program's arrays (fusion_data.py tells if they are of another program) and the
# networks whose files these scripts read.
FILES = ("fusion.py", "fusion_data.py", "fusion_net.py", "fusion_words.py", "fusion_tables.py", "fusion_several.py", "calibration.py",
         *fusion_data.FILES)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--cache", type=Path, default=Path(__file__).parent / "cache")
    arguments.add_argument("--program", type=Path, default=ROOT / "target/release/circumplex")
    arguments.add_argument("--evaluate", action="store_true", help="measure only: nothing is written but the report")
    arguments.add_argument("--seeds", type=int, default=len(SEEDS))
    arguments.add_argument("--speakers", type=int, nargs="*", help="with --evaluate: read only these and keep it, for work side by side")
    given = arguments.parse_args()
    found = fusion_data.recordings(given.data, given.cache, given.program.resolve())
    heads = fusion_data.Heads(given.data, given.cache)
    sentences = fusion_words.sentences(given.data, given.cache)
    # How sure the networks may be comes from the evaluation, so that is done, or looked up, first.
    parts = evaluate(found, heads, sentences, given.cache, SEEDS[:given.seeds], given.speakers)
    if given.speakers:
        return
    if given.evaluate:
        tables = fusion_tables.tables(parts)
        tables["calibration"] = {way: {name: calibration_interval(parts, way, name) for name in ("late", *SHAPES)} for way in WAYS}
        tables |= {"seeds": SEEDS[:given.seeds], "labels": LABELS, "kinds": KINDS}
        fusion_report.show(tables)
        report("fusion", tables)
        return
    gathered = fusion_data.readings(found, heads, None, ORDERS)
    training = Set(found, gathered, {one.speaker for one in found.values()})
    trained, files, networks, clean = {}, {}, {}, training.pick(np.flatnonzero(training.kinds == 0)[:CHECKED])
    add_words(clean, sentences, True, np.random.default_rng(0), 0.5)
    for name, shape in SHAPES.items():
        if name not in ONLY_MEASURED:
            doubt, weights = fusion_tables.doubt_of(parts, name), train(shape, training, sentences, 0)
            trained[name], networks[name] = (weights, doubt["temperature"]), (shape, weights, doubt)
            path = fusion_export.export(name, shape, weights, doubt, list(zip(clean.rows, clean.readable)))
            files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
            print(f"{name}: {sum(np.size(one) for one in jax.tree.leaves(weights))} weights", flush=True)
    # For check_fusion.py.
    weights = jax.tree.map(np.asarray, trained)
    (given.cache / "fusion-trained.pickle").write_bytes(pickle.dumps(weights | {"files": files}))
    fusion_export.fixture(networks)


if __name__ == "__main__":
    main()
