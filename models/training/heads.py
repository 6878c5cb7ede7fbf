"""What the heads of face and voice share: personal statistics, the discriminant, calibration, the ONNX file.

A head reads features against what is known of the person. With `secs` seconds known, the person's mean is

    person = (PRIOR_SECS * population + sums) / (PRIOR_SECS + secs)

and the logits are linear in z = clip((features - person) / sd): a linear discriminant with a common covariance, shrunk
towards that of unrelated features. sd is the spread within a person. A short window tells less than a long one: a linear
estimate of how long the window is, log(seconds) from z, scales the logits by seconds ** sharpness. The temperature at
which the probabilities are calibrated comes from held-out speakers among those a head is trained on; shrinkage and
sharpness are fixed. All labels are given the same prior.

The face has two such heads, of which the one for somebody unknown fades into the one for somebody known; the voice has
one of its own (voice_head.py). Valence and arousal are the expectation of the label
centroids under the calibrated probabilities, their standard deviation that of the same distribution, with a floor.
"""

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

from calibration import calibration_error

LABELS = ["neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise"]
PRIOR_SECS = 6.0
CLIP = 4.0
MIN_SD = 0.1
# No training clip had this label: its logit is so much below the others'.
NEVER = -8.0
LENGTH_PENALTY = 0.3
LONGEST = 2.0
GATE_PENALTY = 1e-2
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

    def __init__(self, ends, x, fresh, stands, label, speaker, name, window_secs, by_length=False):
        self.ends, self.x, self.fresh, self.stands = ends, x.astype(np.float32), fresh, stands
        self.label, self.speaker, self.name = label, speaker, name
        self.lengths = np.clip(np.cumsum(fresh), 0.1, window_secs)
        # What a reading weighs in training.
        weights = stands * self.lengths if by_length else stands
        self.weights = weights / max(weights.sum(), 1e-9)


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


# Nothing is ever known of a person; known within a clip; known from clip to clip of a speaker.
WAYS = ["off", "afresh", "carried"]


def passes(clips, order, way):
    """(place, sums, seconds) of every clip in this order."""
    known = {}
    for at in order:
        clip = clips[at]
        fresh = Known(clip.x.shape[1])
        if way == "off":
            yield at, np.zeros(clip.x.shape), np.zeros(len(clip.x))
            continue
        person = known.setdefault(clip.speaker, fresh) if way == "carried" else fresh
        yield at, *person.pass_through(clip)


class Head:
    """See above. Only the first `kept` features count. With `stills` (a `Stills`) a face that doesn't move is read as a
    still picture: fully at rest, not at all from `stills.moving` of the usual movement on. What the stills' reader says is
    a feature, too."""

    def __init__(self, shrinkage, sharpness=0.0, kept=None, stills=None, still_weight=0.0):
        self.still_weight = still_weight
        self.shrinkage, self.sharpness, self.kept, self.stills, self.temperature = shrinkage, sharpness, kept, stills, 1.0

    def wide(self, x):
        kept = x if self.kept is None else x[:, :self.kept]
        return kept if self.stills is None else np.hstack([kept, self.stills.read(x)]).astype(np.float32)

    def z(self, x, sums, secs):
        person = (PRIOR_SECS * self.population + sums) / (PRIOR_SECS + secs)[:, None]
        return np.clip((self.wide(x) - self.wide(person)) / self.sd, -CLIP, CLIP).astype(np.float32)

    def fit(self, clips, seed):
        rng = np.random.default_rng(seed)
        x, weights = np.vstack([clip.x for clip in clips]), np.concatenate([clip.weights for clip in clips])
        self.population = np.average(x, 0, weights)
        self.sd = robust_sd(self.wide(x) - self.wide(theirs_of(clips)))
        zs, labels, weights, lengths = [], [], [], []
        for way in ("carried", "afresh"):
            for at, sums, secs in passes(clips, rng.permutation(len(clips)), way):
                clip = clips[at]
                if len(clip.x):
                    zs.append(self.z(clip.x, sums, secs))
                    labels.append(np.full(len(clip.x), clip.label))
                    weights.append(clip.weights / clip.weights.sum() / len(clips))
                    lengths.append(np.log(clip.lengths))
        self.measure(np.vstack(zs), np.concatenate(lengths))
        if self.stills is not None:
            self.usual = float(np.median(x[:, self.stills.movement].sum(1)))
            x, theirs = self.stills.as_moving(self.population)
            z = np.clip((self.wide(x) - self.wide(x.mean(0, keepdims=True))) / self.sd, -CLIP, CLIP)
            zs.append(z.astype(np.float32))
            labels.append(theirs)
            weights.append(np.full(len(z), 2 * self.still_weight / len(z)))
        self.moments(np.vstack(zs), np.concatenate(labels), np.concatenate(weights))
        self.solve()
        return self

    def measure(self, z, lengths):
        """Learns how long a window is."""
        z, lengths = z[::4], lengths[::4]
        self.length_bias = lengths.mean()
        squares = (z.T @ z).astype(np.float64) / len(z) + LENGTH_PENALTY * np.eye(z.shape[1])
        self.length_weights = cho_solve(cho_factor(squares), z.T @ (lengths - self.length_bias) / len(z))

    def length(self, z):
        """log(seconds) of windows, about."""
        return np.clip(z @ self.length_weights + self.length_bias, -LONGEST, LONGEST)[:, None]

    def moments(self, z, labels, weights):
        weights = weights / np.bincount(labels, weights, len(LABELS))[labels]
        weights /= weights.sum()
        self.seen = np.unique(labels)
        self.means = np.zeros((len(LABELS), z.shape[1]))
        for label in self.seen:
            self.means[label] = np.average(z[labels == label], 0, weights[labels == label])
        rest = ((z - self.means[labels]) * np.sqrt(weights)[:, None]).astype(np.float32)
        self.covariance = (rest.T @ rest).astype(np.float64)

    def solve(self):
        shrunk = (1 - self.shrinkage) * self.covariance + self.shrinkage * np.eye(len(self.covariance))
        solved = cho_solve(cho_factor(shrunk), self.means[self.seen].T)
        self.weights = np.zeros((len(self.covariance), len(LABELS)))
        self.bias = np.zeros(len(LABELS))
        self.never = np.full(len(LABELS), NEVER)
        self.weights[:, self.seen] = solved
        self.bias[self.seen] = -(self.means[self.seen].T * solved).sum(0) / 2
        self.never[self.seen] = 0.0
        del self.covariance

    def moving_logits(self, x, sums, secs):
        z = self.z(x, sums, secs)
        return (z @ self.weights + self.bias) * np.exp(self.sharpness * self.length(z)) / self.temperature + self.never

    def logits(self, x, sums, secs):
        logits = self.moving_logits(x, sums, secs)
        if self.stills is not None:
            moves = np.clip(x[:, self.stills.movement].sum(1) / (self.stills.moving * self.usual), 0.0, 1.0)[:, None]
            logits = moves * logits + (1 - moves) * self.stills.read(x) / self.stills.temperature
        return logits


class Acquainted:
    """One head for somebody unknown and one for somebody known, mixed as the person's mean is mixed."""

    def __init__(self, unknown, known):
        self.heads, self.population, self.seen = [unknown, known], unknown.population, unknown.seen

    def logits(self, x, sums, secs):
        unknown, known = (head.logits(x, sums, secs) for head in self.heads)
        k = (secs / (PRIOR_SECS + secs))[:, None]
        return (1 - k) * unknown + k * known


def train(clips, seed, make, folds):
    """A head by `make()` for clips, calibrated on their speakers, held out by `folds`."""
    rng = np.random.default_rng(seed)
    readings, labels, weights = [], [], []
    for held in np.array_split(rng.permutation(sorted({clip.speaker for clip in clips})), folds):
        head = make().fit([clip for clip in clips if clip.speaker not in held], seed)
        theirs = [clip for clip in clips if clip.speaker in held]
        for way in ("carried", "afresh"):
            for at, sums, secs in passes(theirs, rng.permutation(len(theirs)), way):
                readings.append(head.moving_logits(theirs[at].x, sums, secs))
                labels.append(np.full(len(theirs[at].x), theirs[at].label))
                weights.append(theirs[at].weights)
    head = make().fit(clips, seed)
    head.temperature, _ = calibrate(*map(np.concatenate, (readings, labels, weights)))
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


def read(head, clips, order, way):
    """Log-probabilities of each clip's readings."""
    found = [None] * len(clips)
    for at, sums, secs in passes(clips, order, way):
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
    clip in each of the WAYS; carried, through the speaker's clips in random order."""
    every = []
    for seed in seeds:
        found = {way: [None] * len(clips) for way in WAYS}
        for fold in tqdm(folds, desc=f"{name}, seed {seed}"):
            head = fit(fold, seed)
            places = [at for at, clip in enumerate(clips) if clip.speaker in fold]
            theirs = [clips[at] for at in places]
            order = np.random.default_rng(1000 + seed).permutation(len(theirs))
            for way in WAYS:
                for at, readings in zip(places, read(head, theirs, order, way)):
                    found[way][at] = readings
        every.append(found)
    return every


def figures(clips, every):
    """The table of a cross-validation: UAR of clips and of their first and last readings, calibration of readings."""
    labels = [clip.label for clip in clips]
    table = {}
    for way in WAYS:
        columns = {"uar": [], "uar_first_reading": [], "uar_last_reading": [], "calibration_error": []}
        for found in every:
            pairs = list(zip(clips, found[way]))
            columns["uar"].append(uar(labels, [of_clip(clip, readings) for clip, readings in pairs]))
            columns["uar_first_reading"].append(uar(labels, [one[0] if len(one) else None for _, one in pairs]))
            columns["uar_last_reading"].append(uar(labels, [one[-1] if len(one) else None for _, one in pairs]))
            columns["calibration_error"].append(calibration_of(pairs))
        table[way] = {name: [round(float(np.mean(v)), 3), round(float(np.std(v)), 3)] for name, v in columns.items()}
    table["clips"] = len(clips)
    table["clips_without_reading"] = sum(len(clip.x) == 0 for clip in clips)
    return table


def calibration_of(pairs):
    """The calibration error of clips' readings: how sure they are of their likeliest label, how often that is right."""
    sure = np.concatenate([np.exp(one).max(1) for _, one in pairs if len(one)])
    right = np.concatenate([one.argmax(1) == clip.label for clip, one in pairs if len(one)])
    return calibration_error(sure, right)


def show(name, table):
    for way in WAYS:
        if way in table:
            one = table[way]
            text = ", ".join(f"{key} {mean:.3g} ± {sd:.2g}" for key, (mean, sd) in one.items())
            print(f"{name}, {way}: {text}", flush=True)


def export(head, path, doc):
    """The head as ONNX: features, sums, seconds → logits, affect, affect_sd."""
    if hasattr(head, "write"):
        return head.write(path, doc)
    graph = Graph({"prior": [[PRIOR_SECS]], "low": -CLIP, "high": CLIP})
    graph.add("Add", ["seconds", "prior"], "known")
    if isinstance(head, Acquainted):
        graph.add("Div", ["seconds", "known"], "k")
        for p, one in zip(("unknown_", "known_"), head.heads):
            graph.head(one, p, f"{p}logits")
        graph.add("Sub", ["known_logits", "unknown_logits"], "learnt")
        graph.add("Mul", ["learnt", "k"], "change")
        graph.add("Add", ["unknown_logits", "change"], "logits")
    else:
        graph.head(head, "", "logits")
    finish(graph, len(head.population), path, doc)


def finish(graph, width, path, doc):
    """Adds affect to a graph that has logits, and writes it."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    c = centroids()
    graph.constants |= {"centroids": c, "squares": c ** 2, "floor": [[MIN_SD ** 2]], "nought": [[0.0]]}
    graph.add("Softmax", ["logits"], "p", axis=-1)
    graph.add("MatMul", ["p", "centroids"], "affect")
    graph.add("MatMul", ["p", "squares"], "second")
    graph.add("Mul", ["affect", "affect"], "first")
    graph.add("Sub", ["second", "first"], "spread")
    graph.add("Max", ["spread", "nought"], "positive")
    graph.add("Add", ["positive", "floor"], "variance")
    graph.add("Sqrt", ["variance"], "affect_sd")
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    made = helper.make_graph(
        graph.nodes, "head",
        [value("features", [1, width]), value("sums", [1, width]), value("seconds", [1, 1])],
        [value("logits", [1, len(LABELS)]), value("affect", [1, 2]), value("affect_sd", [1, 2])],
        [numpy_helper.from_array(data if getattr(data, "dtype", None) == np.int64 else np.asarray(data, np.float32), name)
         for name, data in graph.constants.items()], doc_string=doc)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9, producer_name="circumplex")
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


class Graph:
    """An ONNX graph under construction."""

    def __init__(self, constants):
        self.nodes, self.constants = [], constants

    def add(self, kind, inputs, output, **attributes):
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def normal(self, x, mean, scale, output):
        """clip((x - mean) * scale)"""
        self.add("Sub", [x, mean], f"{output}_apart")
        self.add("Mul", [f"{output}_apart", scale], f"{output}_wide")
        self.add("Clip", [f"{output}_wide", "low", "high"], output)

    def linear(self, x, weights, bias, output):
        self.add("MatMul", [x, weights], f"{output}_product")
        self.add("Add", [f"{output}_product", bias], output)

    def head(self, head, p, output):
        """A head's nodes, with `p` before every name."""
        stills = head.stills
        own = {
            "prior_sum": PRIOR_SECS * head.population[None], "scale": 1 / head.sd[None],
            "weights": head.weights / head.temperature, "bias": head.bias[None] / head.temperature,
            "never": head.never[None], "length_weights": head.length_weights[:, None],
            "length_bias": [[head.length_bias]], "shortest": -LONGEST, "longest": LONGEST, "sharpness": [[head.sharpness]],
        }
        if stills is not None:
            own |= {"columns": np.asarray(stills.columns, np.int64), "still_mean": stills.mean[None],
                    "still_scale": 1 / stills.sd[None], "still_weights": stills.weights, "still_bias": stills.bias[None],
                    "still_t": [[stills.temperature]], "fade": [[stills.moving * head.usual]], "movement": np.arange(len(head.population))[stills.movement], "zero": 0.0, "one": 1.0,
                    "kept": np.arange(len(head.population) if head.kept is None else head.kept)}
        self.constants |= {p + name: data for name, data in own.items()}
        self.add("Add", ["sums", f"{p}prior_sum"], f"{p}all")
        self.add("Div", [f"{p}all", "known"], f"{p}person")
        x, person, answer = "features", f"{p}person", output
        if stills is not None:
            for name, wide in (("features", f"{p}x"), (person, f"{p}mean")):
                self.add("Gather", [name, f"{p}columns"], f"{wide}_s", axis=1)
                self.normal(f"{wide}_s", f"{p}still_mean", f"{p}still_scale", f"{wide}_z")
                self.linear(f"{wide}_z", f"{p}still_weights", f"{p}still_bias", f"{wide}_still")
                self.add("Gather", [name, f"{p}kept"], f"{wide}_kept", axis=1)
                self.add("Concat", [f"{wide}_kept", f"{wide}_still"], wide, axis=1)
            x, person, answer = f"{p}x", f"{p}mean", f"{p}moving"
        self.normal(x, person, f"{p}scale", f"{p}z")
        self.linear(f"{p}z", f"{p}weights", f"{p}bias", f"{p}plain")
        self.linear(f"{p}z", f"{p}length_weights", f"{p}length_bias", f"{p}long")
        self.add("Clip", [f"{p}long", f"{p}shortest", f"{p}longest"], f"{p}length")
        self.add("Mul", [f"{p}length", f"{p}sharpness"], f"{p}log_scale")
        self.add("Exp", [f"{p}log_scale"], f"{p}times")
        self.add("Mul", [f"{p}plain", f"{p}times"], f"{p}sharp")
        self.add("Add", [f"{p}sharp", f"{p}never"], answer)
        if stills is not None:
            self.add("Div", [f"{p}x_still", f"{p}still_t"], f"{p}still")
            self.add("Gather", ["features", f"{p}movement"], f"{p}moved", axis=1)
            self.add("ReduceSum", [f"{p}moved"], f"{p}movement_sum", keepdims=1)
            self.add("Div", [f"{p}movement_sum", f"{p}fade"], f"{p}part")
            self.add("Clip", [f"{p}part", f"{p}zero", f"{p}one"], f"{p}k")
            self.add("Sub", [answer, f"{p}still"], f"{p}apart")
            self.add("Mul", [f"{p}apart", f"{p}k"], f"{p}shift")
            self.add("Add", [f"{p}still", f"{p}shift"], output)


def check_export(head, path, clips):
    """How far the file's logits are from the head's, at most; more than 1e-4 is an error."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    furthest = 0.0
    for at, sums, secs in passes(clips, range(len(clips)), "carried"):
        for x, known, for_secs in list(zip(clips[at].x, sums, secs))[::5]:
            ours = head.logits(x[None], known[None], np.array([for_secs]))
            feed = {"features": x[None], "sums": known[None].astype(np.float32), "seconds": np.float32([[for_secs]])}
            theirs = session.run(None, feed)
            furthest = max(furthest, float(np.abs(log_softmax(ours) - log_softmax(theirs[0])).max()))
    print(f"{path.name}: the file's log-probabilities are within {furthest:.1e} of the head's", flush=True)
    if furthest > 1e-4:
        sys.exit(f"{path.name} doesn't do what the head does")
    return furthest


def report(name, found):
    path = Path(__file__).parent / "reports" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")
