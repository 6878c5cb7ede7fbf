"""What the heads of face and voice share: personal statistics, the discriminant, calibration, the ONNX file.

A head reads features against what is known of the person. With `secs` seconds known, the person's mean is

    person = (PRIOR_SECS * population + sums) / (PRIOR_SECS + secs)

and the logits are linear in z = clip((features - person) / sd): a linear discriminant with a common covariance, shrunk
towards that of unrelated features. sd is the spread within a person. How far it is shrunk, and the temperature at which
the probabilities are calibrated, are chosen on held-out speakers among those it is trained on. The labels are given the
same prior. Valence and arousal are the expectation of the label centroids under the calibrated probabilities, their
standard deviation that of the same distribution, with a floor.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp
from tqdm import tqdm

LABELS = ["neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise"]
PRIOR_SECS = 6.0
CLIP = 4.0
MIN_SD = 0.1
# No training clip had this label: its logit is so much below the others'.
NEVER = -8.0
INNER_FOLDS = 3
ROOT = Path(__file__).resolve().parents[2]


def centroids():
    table = tomllib.loads((ROOT / "models/centroids.toml").read_text())
    return np.array([[table[label]["valence"], table[label]["arousal"]] for label in LABELS])


def build():
    command = ["cargo", "build", "--release", "--quiet", "--example", "training_features"]
    subprocess.run(command, check=True, cwd=ROOT)
    done = subprocess.run(["cargo", "metadata", "--format-version=1", "--no-deps"], check=True, cwd=ROOT, capture_output=True)
    return Path(json.loads(done.stdout)["target_directory"]) / "release/examples/training_features"


def extract(files, out):
    """Has the program compute the features of recordings; skips those that are there."""
    files = [Path(file).resolve() for file in files]
    missing = [file for file in files if not (out / f"{file.stem}.voice.npy").exists()]
    if missing:
        binary = build()
        for first in tqdm(range(0, len(missing), 50), desc=f"features of {out.name}"):
            subprocess.run([binary, "clips", out, *missing[first:first + 50]], check=True, cwd=ROOT)


class Clip:
    """A recording's readings: when each comes, its features, the fresh seconds it brings, how long it stands."""

    def __init__(self, ends, x, fresh, stands, label, speaker, name):
        self.ends, self.x, self.fresh, self.stands = ends, x.astype(np.float32), fresh, stands
        self.label, self.speaker, self.name = label, speaker, name
        # What a reading weighs in training: longer windows tell more.
        self.weights = stands * np.minimum(np.cumsum(fresh), 4.0)
        self.weights = self.weights / max(self.weights.sum(), 1e-9)


class Known:
    """What is known of a person, as the program keeps it."""

    def __init__(self, width):
        self.sums, self.secs = np.zeros(width), 0.0

    def pass_through(self, clip):
        """Sums and seconds before each of the clip's readings; takes them all in."""
        steps = clip.x * clip.fresh[:, None]
        sums = self.sums + np.vstack([np.zeros((1, clip.x.shape[1])), np.cumsum(steps, 0)])
        secs = self.secs + np.concatenate([[0.0], np.cumsum(clip.fresh)])
        self.sums, self.secs = sums[-1], secs[-1]
        return sums[:-1], secs[:-1]


def passes(clips, order, carried):
    """(place, sums, seconds) of every clip in this order, known from clip to clip of a speaker or only within each."""
    known = {}
    for at in order:
        clip = clips[at]
        fresh = Known(clip.x.shape[1])
        person = known.setdefault(clip.speaker, fresh) if carried else fresh
        yield at, *person.pass_through(clip)


class Head:
    """See above. With `stills` (a `Stills`) somebody unknown is read as in a still picture, and over the first
    `stills.fade_secs` seconds more and more as somebody who moves; what the stills' reader says is a feature, too."""

    def __init__(self, stills=None):
        self.stills, self.temperature = stills, 1.0

    def wide(self, x):
        return x if self.stills is None else np.hstack([x, self.stills.read(x)]).astype(np.float32)

    def z(self, x, sums, secs):
        person = (PRIOR_SECS * self.population + sums) / (PRIOR_SECS + secs)[:, None]
        return np.clip((self.wide(x) - self.wide(person)) / self.sd, -CLIP, CLIP).astype(np.float32)

    def fit(self, sets, seed, thin):
        """Takes in sets of (clips, weight): all that is needed to `solve`. Every `thin`th reading is used."""
        rng = np.random.default_rng(seed)
        total = sum(weight for _, weight in sets)
        self.population = sum(weight / total * np.average(np.vstack([clip.x for clip in clips]), 0,
                                                          np.concatenate([clip.weights for clip in clips]))
                              for clips, weight in sets)
        spreads = [robust_sd(self.wide(np.vstack([clip.x for clip in clips])) - self.wide(theirs_of(clips)))
                   for clips, _ in sets]
        self.sd = np.sqrt(sum(weight / total * sd ** 2 for (_, weight), sd in zip(sets, spreads)))
        zs, labels, weights = [], [], []
        for clips, weight in sets:
            for carried in (True, False):
                for at, sums, secs in passes(clips, rng.permutation(len(clips)), carried):
                    clip = clips[at]
                    picked = slice((len(clip.x) - 1) % thin, None, thin)
                    if len(clip.x):
                        zs.append(self.z(clip.x[picked], sums[picked], secs[picked]))
                        labels.append(np.full(len(zs[-1]), clip.label))
                        share = clip.weights[picked] / clip.weights[picked].sum()
                        weights.append(share * weight / len(clips))
        if self.stills is not None:
            x, theirs = self.stills.moving(self.population)
            z = np.clip((self.wide(x) - self.wide(x.mean(0, keepdims=True))) / self.sd, -CLIP, CLIP)
            zs.append(z.astype(np.float32))
            labels.append(theirs)
            weights.append(np.full(len(z), 2 * self.stills.weight / len(z)))
        self.moments(np.vstack(zs), np.concatenate(labels), np.concatenate(weights))
        return self

    def moments(self, z, labels, weights):
        weights = weights / np.bincount(labels, weights, len(LABELS))[labels]
        weights /= weights.sum()
        self.seen = np.unique(labels)
        self.means = np.zeros((len(LABELS), z.shape[1]))
        for label in self.seen:
            self.means[label] = np.average(z[labels == label], 0, weights[labels == label])
        rest = ((z - self.means[labels]) * np.sqrt(weights)[:, None]).astype(np.float32)
        self.covariance = (rest.T @ rest).astype(np.float64)

    def solve(self, shrinkage):
        shrunk = (1 - shrinkage) * self.covariance + shrinkage * np.eye(len(self.covariance))
        solved = cho_solve(cho_factor(shrunk), self.means[self.seen].T)
        self.weights = np.zeros((len(self.covariance), len(LABELS)))
        self.bias = np.full(len(LABELS), NEVER)
        self.weights[:, self.seen] = solved
        self.bias[self.seen] = -(self.means[self.seen].T * solved).sum(0) / 2
        self.shrinkage = shrinkage
        return self

    def logits(self, x, sums, secs):
        z = self.z(x, sums, secs)
        never = np.where(np.isin(np.arange(len(LABELS)), self.seen), 0.0, NEVER)
        logits = (z @ self.weights + np.where(never < 0, 0.0, self.bias)) / self.temperature + never
        if self.stills is not None:
            known = np.clip(secs / self.stills.fade_secs, 0.0, 1.0)[:, None]
            logits = known * logits + (1 - known) * self.stills.read(x) / self.stills.temperature
        return logits


def train(sets, seed, grid, thin=1, stills=None):
    """A head for sets of (clips, weight): shrinkage from `grid` and temperature by held-out speakers among theirs."""
    rng = np.random.default_rng(seed)
    groups = [np.array_split(rng.permutation(sorted({clip.speaker for clip in clips})), INNER_FOLDS) for clips, _ in sets]
    readings = {shrinkage: ([], [], []) for shrinkage in grid}
    for fold in range(INNER_FOLDS):
        held = set(np.concatenate([group[fold] for group in groups]))
        inner = [([clip for clip in clips if clip.speaker not in held], weight) for clips, weight in sets]
        head = Head(stills).fit([(clips, weight) for clips, weight in inner if clips], seed, thin)
        for shrinkage in grid:
            head.solve(shrinkage)
            for clips, weight in sets:
                theirs = [clip for clip in clips if clip.speaker in held and clip.label in head.seen]
                for carried in (True, False):
                    for at, sums, secs in passes(theirs, rng.permutation(len(theirs)), carried):
                        clip = theirs[at]
                        logits, labels, weights = readings[shrinkage]
                        logits.append(head.z(clip.x, sums, secs) @ head.weights + head.bias)
                        labels.append(np.full(len(clip.x), clip.label))
                        weights.append(clip.weights * weight / len(clips))
    found = {}
    for shrinkage, parts in readings.items():
        logits, labels, weights = map(np.concatenate, parts)
        found[shrinkage] = calibrate(logits, labels, weights)
    best = min(grid, key=lambda shrinkage: found[shrinkage][1])
    head = Head(stills).fit(sets, seed, thin).solve(best)
    head.temperature = found[best][0]
    return head


def calibrate(logits, labels, weights):
    """The temperature with the least log loss, and that loss."""
    def loss(log_t):
        scaled = logits / np.exp(log_t)
        return float(np.average(logsumexp(scaled, axis=1) - scaled[np.arange(len(labels)), labels], weights=weights))
    done = minimize_scalar(loss, bounds=(-2.0, 5.0), method="bounded")
    return float(np.exp(done.x)), float(done.fun)


def regress(x, y, weights, penalty):
    """Softmax regression on soft labels: the least weighted mean log loss + penalty / 2 * squares of the weights."""
    width, count = x.shape[1], y.shape[1]
    x, y = x.astype(np.float32), (y * (weights / weights.sum())[:, None]).astype(np.float32)
    masses = y.sum(1, keepdims=True)

    def loss(flat):
        w = flat.reshape(width + 1, count)
        logits = x @ w[:-1].astype(np.float32) + w[-1].astype(np.float32)
        logits -= logits.max(1, keepdims=True)
        powers = np.exp(logits)
        totals = powers.sum(1, keepdims=True)
        value = float((y * (np.log(totals) - logits)).sum()) + penalty * float((w[:-1] ** 2).sum()) / 2
        error = powers / totals * masses - y
        return value, np.vstack([x.T @ error + penalty * w[:-1], error.sum(0)]).ravel().astype(np.float64)

    done = minimize(loss, np.zeros((width + 1) * count), jac=True, method="L-BFGS-B", options={"maxiter": 150})
    flat = done.x.reshape(width + 1, count)
    return flat[:-1], flat[-1]


def robust_sd(x):
    """Half the spread between the 16th and 84th percentile; the plain one where that is nothing."""
    low, high = np.percentile(x[::3], [15.87, 84.13], axis=0)
    sd, plain = (high - low) / 2, x.std(0)
    return np.where(sd > 1e-3 * plain, sd, plain + 1e-6) + 1e-6


def theirs_of(clips):
    """The mean of each reading's speaker, row for row."""
    means = {}
    for speaker in {clip.speaker for clip in clips}:
        theirs = [clip for clip in clips if clip.speaker == speaker]
        means[speaker] = np.average(np.vstack([clip.x for clip in theirs]), 0, np.concatenate([clip.weights for clip in theirs]))
    return np.vstack([np.broadcast_to(means[clip.speaker], clip.x.shape) for clip in clips])


def log_softmax(logits):
    return logits - logsumexp(logits, axis=1, keepdims=True)


def read(head, clips, order, carried):
    """Log-probabilities of each clip's readings."""
    found = [None] * len(clips)
    for at, sums, secs in passes(clips, order, carried):
        found[at] = log_softmax(head.logits(clips[at].x, sums, secs))
    return found


def of_clip(clip, readings):
    """A clip's scores: mean log-probabilities, weighted by how long each reading stands. None where nothing was read."""
    return np.average(readings, axis=0, weights=clip.stands) if len(readings) else None


def uar(labels, scores):
    """Mean recall in %; what wasn't read is wrong."""
    labels = np.asarray(labels)
    right = np.array([score is not None and int(np.argmax(score)) == label for label, score in zip(labels, scores)])
    return 100 * float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def cross_validate(clips, folds, seeds, fit, name):
    """Each fold's speakers read by a head that never met them. Returns for each seed the readings of every clip, each
    clip afresh and carried through the speaker's clips in random order, and the shrinkages chosen."""
    every = []
    for seed in seeds:
        found = {"afresh": [None] * len(clips), "carried": [None] * len(clips), "shrinkage": []}
        for fold in tqdm(folds, desc=f"{name}, seed {seed}"):
            head = fit(fold, seed)
            found["shrinkage"].append(head.shrinkage)
            places = [at for at, clip in enumerate(clips) if clip.speaker in fold]
            theirs = [clips[at] for at in places]
            order = np.random.default_rng(1000 + seed).permutation(len(theirs))
            for way in ("afresh", "carried"):
                for at, readings in zip(places, read(head, theirs, order, way == "carried")):
                    found[way][at] = readings
        every.append(found)
    return every


def figures(clips, every):
    """The table of a cross-validation: UAR of clips and of their first and last readings, calibration of readings."""
    labels = [clip.label for clip in clips]
    table = {}
    for way in ("afresh", "carried"):
        columns = {"uar": [], "uar_first_reading": [], "uar_last_reading": [], "calibration_error": []}
        for found in every:
            pairs = list(zip(clips, found[way]))
            columns["uar"].append(uar(labels, [of_clip(clip, readings) for clip, readings in pairs]))
            columns["uar_first_reading"].append(uar(labels, [one[0] if len(one) else None for _, one in pairs]))
            columns["uar_last_reading"].append(uar(labels, [one[-1] if len(one) else None for _, one in pairs]))
            columns["calibration_error"].append(calibration_error(pairs))
        table[way] = {name: [round(float(np.mean(v)), 3), round(float(np.std(v)), 3)] for name, v in columns.items()}
    table["shrinkage"] = [found["shrinkage"] for found in every]
    table["clips"] = len(clips)
    table["clips_without_reading"] = sum(len(clip.x) == 0 for clip in clips)
    return table


def calibration_error(pairs):
    """Mean distance between how sure readings are and how often they are right, in ten bins of sureness."""
    sure = np.concatenate([np.exp(one).max(1) for _, one in pairs if len(one)])
    right = np.concatenate([one.argmax(1) == clip.label for clip, one in pairs if len(one)])
    bins = np.minimum((sure * 10).astype(int), 9)
    return float(sum(abs(sure[bins == at].mean() - right[bins == at].mean()) * np.mean(bins == at) for at in np.unique(bins)))


def show(name, table):
    for way in ("afresh", "carried"):
        if way in table:
            one = table[way]
            text = ", ".join(f"{key} {mean:.3g} ± {sd:.2g}" for key, (mean, sd) in one.items())
            print(f"{name}, {way}: {text}", flush=True)


def export(head, path, doc):
    """The head as ONNX: features, sums, seconds → logits, affect, affect_sd."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    width = len(head.population)
    f32 = lambda value: np.asarray(value, np.float32)
    c = centroids()
    seen = np.isin(np.arange(len(LABELS)), head.seen)
    constants = {
        "prior": f32([[PRIOR_SECS]]), "low": f32(-CLIP), "high": f32(CLIP),
        "prior_sum": f32(PRIOR_SECS * head.population)[None], "scale": f32(1 / head.sd)[None],
        "weights": f32(head.weights / head.temperature),
        "bias": f32(np.where(seen, head.bias / head.temperature, NEVER))[None],
        "centroids": f32(c), "squares": f32(c ** 2), "floor": f32([[MIN_SD ** 2]]), "nought": f32([[0.0]]),
    }
    node = helper.make_node
    nodes = [
        node("Add", ["seconds", "prior"], ["known"]),
        node("Add", ["sums", "prior_sum"], ["all"]),
        node("Div", ["all", "known"], ["person"]),
    ]
    x, person, answer = "features", "person", "logits"
    if head.stills is not None:
        stills = head.stills
        constants |= {
            "columns": np.asarray(stills.columns, np.int64), "still_mean": f32(stills.mean)[None],
            "still_scale": f32(1 / stills.sd)[None], "still_weights": f32(stills.weights), "still_bias": f32(stills.bias)[None],
            "still_t": f32([[stills.temperature]]), "fade": f32([[stills.fade_secs]]), "zero": f32(0.0), "one": f32(1.0),
        }
        for name in ("features", "person"):
            nodes += [
                node("Gather", [name, "columns"], [f"{name}_s"], axis=1),
                node("Sub", [f"{name}_s", "still_mean"], [f"{name}_d"]),
                node("Mul", [f"{name}_d", "still_scale"], [f"{name}_n"]),
                node("Clip", [f"{name}_n", "low", "high"], [f"{name}_z"]),
                node("MatMul", [f"{name}_z", "still_weights"], [f"{name}_l"]),
                node("Add", [f"{name}_l", "still_bias"], [f"{name}_still"]),
                node("Concat", [name, f"{name}_still"], [f"{name}_wide"], axis=1),
            ]
        x, person, answer = "features_wide", "person_wide", "moving"
    nodes += [
        node("Sub", [x, person], ["d"]),
        node("Mul", ["d", "scale"], ["s"]),
        node("Clip", ["s", "low", "high"], ["z"]),
        node("MatMul", ["z", "weights"], ["l"]),
        node("Add", ["l", "bias"], [answer]),
    ]
    if head.stills is not None:
        nodes += [
            node("Div", ["features_still", "still_t"], ["still"]),
            node("Div", ["seconds", "fade"], ["part"]),
            node("Clip", ["part", "zero", "one"], ["k"]),
            node("Sub", [answer, "still"], ["apart"]),
            node("Mul", ["apart", "k"], ["shift"]),
            node("Add", ["still", "shift"], ["logits"]),
        ]
    nodes += [
        node("Softmax", ["logits"], ["p"], axis=-1),
        node("MatMul", ["p", "centroids"], ["affect"]),
        node("MatMul", ["p", "squares"], ["second"]),
        node("Mul", ["affect", "affect"], ["first"]),
        node("Sub", ["second", "first"], ["spread"]),
        node("Max", ["spread", "nought"], ["positive"]),
        node("Add", ["positive", "floor"], ["variance"]),
        node("Sqrt", ["variance"], ["affect_sd"]),
    ]
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        nodes, "head",
        [value("features", [1, width]), value("sums", [1, width]), value("seconds", [1, 1])],
        [value("logits", [1, len(LABELS)]), value("affect", [1, 2]), value("affect_sd", [1, 2])],
        [numpy_helper.from_array(data, name) for name, data in constants.items()], doc_string=doc)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9, producer_name="circumplex")
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def check_export(head, path, clips):
    """How far the file's logits are from the head's, at most; more than 1e-4 is an error."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    furthest = 0.0
    for at, sums, secs in passes(clips, range(len(clips)), True):
        for x, known, for_secs in list(zip(clips[at].x, sums, secs))[::5]:
            ours = head.logits(x[None], known[None], np.array([for_secs]))
            feed = {"features": x[None], "sums": known[None].astype(np.float32), "seconds": np.float32([[for_secs]])}
            theirs = session.run(None, feed)
            furthest = max(furthest, float(np.abs(log_softmax(ours) - log_softmax(theirs[0])).max()))
    print(f"{path.name}: the file's log-probabilities are within {furthest:.1e} of the head's", flush=True)
    if furthest > 1e-4:
        sys.exit(f"{path.name} doesn't do what the head does")
    return furthest


def table_of(name, path, licence, purpose, width):
    """The head's table for a manifest."""
    data = path.read_bytes()
    return "\n".join([
        f"[{name}]", f'file = "{path.name}"', f'sha256 = "{hashlib.sha256(data).hexdigest()}"', f"bytes = {len(data)}",
        f'licence = "{licence}"', f'for = "{purpose}"', "committed = true", "input = [",
        f'    {{ name = "features", type = "f32", shape = [1, {width}] }},',
        f'    {{ name = "sums", type = "f32", shape = [1, {width}], unit = "feature seconds" }},',
        '    { name = "seconds", type = "f32", shape = [1, 1], unit = "s" },', "]", "output = [",
        '    { name = "logits", type = "f32", shape = [1, 7] },',
        '    { name = "affect", type = "f32", shape = [1, 2], range = [-1, 1] },',
        '    { name = "affect_sd", type = "f32", shape = [1, 2] },', "]", ""])


def enter(manifest, name, path, licence, purpose, width):
    """Writes the head's table into the manifest, in place of the one there."""
    text = manifest.read_text()
    start = text.find(f"\n[{name}]\n") + 1
    if start > 0:
        end = text.find("\n[", start)
        text = text[:start] + (text[end + 1:] if end >= 0 else "")
    manifest.write_text(text.rstrip("\n") + "\n\n" + table_of(name, path, licence, purpose, width))


def report(name, found):
    path = Path(__file__).parent / "reports" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")
