"""What the heads of face and voice are trained on: recordings as clips of readings, and still faces."""

import hashlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from calibration import calibration_error
from heads import CLIP, LABELS, ROOT, Clip, build, calibrate, extract, log_softmax, regress, robust_sd

# The published subject folds of RAVDESS (Luna-Jimenez 2022); actors that aren't there are left out.
RAVDESS_FOLDS = [{2, 5, 14, 15, 16}, {3, 6, 7, 13, 18}, {10, 11, 12, 19, 20}, {8, 17, 21, 23, 24}, {1, 4, 9, 22}]
RAVDESS_LABELS = {"01": "neutral", "02": "neutral", "03": "happiness", "04": "sadness", "05": "anger", "06": "fear",
                  "07": "disgust", "08": "surprise"}
# Speakers of Java-SED are numbered from 100 on, so that they aren't taken for actors of RAVDESS.
JAVA = 100
JAVA_LABELS = {"01": "neutral", "02": "sadness", "03": "happiness", "04": "surprise", "05": "fear", "06": "anger"}
DOUBTFUL = {"06-01-05_01", "08-01-06_01", "08-04-03_01"}
FACE_WINDOW_SECS = 2.0
VOICE_WINDOW_SECS = 4.0
# 52 blendshapes, 3 angles of the head, 7 logits of the expression network.
MOVING = 62
# A face reading every fifth frame is enough to train on.
FACE_STEP = 5
FERPLUS_COLUMNS = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear"]
# One picture in so many of FER+ train is kept from the expression network.
HELD_OUT = 8
LEAST_VOTES = 5
VOICE_FEATURES = 2 * 3 * 288 + 88
EXPRESSION = 128
FACE_FEATURES = 3 * MOVING + EXPRESSION


def voice_clip(path, label, speaker):
    """A clip, without readings if no talk was found in it."""
    rows = np.load(path)
    rows = rows[np.isfinite(rows).all(1)] if len(rows) else np.zeros((0, 3 + VOICE_FEATURES), np.float32)
    ends = rows[:, 0].astype(float)
    stands = np.diff(np.append(ends, ends[-1:] + 0.5)).clip(0.01, 1.0)
    return Clip(ends, rows[:, 3:], rows[:, 1].astype(float), stands, LABELS.index(label), speaker, path.name.split(".")[0],
                VOICE_WINDOW_SECS, by_length=True)


def ravdess_voice(data, cache):
    files = sorted((data / "ravdess/speech").glob("*.flac"))
    extract(files, cache / "ravdess")
    fields = [file.stem.split("-") for file in files]
    return [voice_clip(cache / "ravdess" / f"{file.stem}.voice.npy", RAVDESS_LABELS[field[2]], int(field[6]))
            for file, field in zip(files, fields)]


def java_fields(file):
    speaker, _, emotion = file.stem.split("_")[0].split("-")
    return JAVA_LABELS[emotion], JAVA + int(speaker)


def java_voice(data, cache):
    files = [file for file in sorted((data / "java-sed/audio").glob("*.flac")) if file.stem not in DOUBTFUL]
    extract(files, cache / "java-audio")
    return [voice_clip(cache / "java-audio" / f"{file.stem}.voice.npy", *java_fields(file)) for file in files]


def of_network(cache, name):
    """Where what was made with this expression network is kept."""
    return cache / f"{name}-{hashlib.sha256((ROOT / 'models/expression.onnx').read_bytes()).hexdigest()[:8]}"


def java_video(data, cache, which):
    """The audio-visual clips: `which` is "face" or "voice"."""
    files, out = sorted((data / "java-sed/video").glob("*.mp4")), of_network(cache, "java-video")
    extract(files, out)
    make = face_clip if which == "face" else voice_clip
    return [make(out / f"{file.stem}.{which}.npy", *java_fields(file)) for file in files]


def face_clip(path, label, speaker):
    rows = np.load(path)
    ends, lengths = rows[:, 0].astype(float), rows[:, 1].astype(float).clip(0, 0.2)
    picked = list(range(FACE_STEP - 1, len(rows), FACE_STEP))
    x = [face_features(rows[(ends >= ends[at] - FACE_WINDOW_SECS) & (ends <= ends[at]), 3:]) for at in picked]
    x = np.stack(x) if x else np.zeros((0, FACE_FEATURES))
    fresh = np.diff(np.concatenate([[0.0], np.cumsum(lengths)[picked]]))
    name = path.name.split(".")[0]
    return Clip(ends[picked], x, fresh, np.maximum(fresh, 1e-3), LABELS.index(label), speaker, name, FACE_WINDOW_SECS)


def face_features(rows):
    """As the program pools a window: mean, sd, 90th percentile of what moves, mean of the expression features."""
    moving = rows[:, :MOVING]
    return np.concatenate([moving.mean(0), moving.std(0), np.percentile(moving, 90, axis=0), rows[:, MOVING:].mean(0)])


def ferplus(data, part):
    """Pictures, votes for ten answers, and the answers' names, of a part of FER+."""
    file = np.load(data / "ferplus" / f"{part}.npz")
    return file["images"], file["votes"], [str(name) for name in file["labels"]]


def through_program(mode, pictures, path):
    """What the program makes of pictures (`faces` or `crops` of examples/training_features.rs), kept at `path`."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        binary, parts = build(), os.cpu_count() or 1

        def one(at, some):
            raw, out = path.with_suffix(f".{at}.raw"), path.with_suffix(f".{at}.npy")
            raw.write_bytes(some.tobytes())
            subprocess.run([binary, mode, raw, out, str(len(some)), str(some.shape[1])], check=True, cwd=ROOT)
            rows = np.load(out)
            raw.unlink()
            out.unlink()
            return rows

        with ThreadPoolExecutor(parts) as pool:
            np.save(path, np.concatenate(list(pool.map(one, range(parts), np.array_split(pictures, parts)))))
    return np.load(path)


def majority_of(votes, names):
    """The label with most votes of all ten answers; -1 where there is a tie or another answer."""
    alone = (votes == votes.max(1, keepdims=True)).sum(1) == 1
    labels = np.array([LABELS.index(name) if name in LABELS else -1 for name in names])
    return np.where(alone, labels[votes.argmax(1)], -1)


def expression_pictures(data, cache):
    """What the expression network is trained on: pictures of FER+ train with a face, where the crop is, votes for the
    seven labels, the label of the majority, and which are held out. `places` are theirs in FER+ train."""
    pictures, votes, names = ferplus(data, "train")
    crops = through_program("crops", pictures, cache / "ferplus/train.crops.npy")
    theirs = votes[:, [names.index(label) for label in LABELS]]
    use = np.isfinite(crops).all(1) & (theirs.sum(1) >= LEAST_VOTES)
    # Pictures that are much alike stay together: a coarse copy of each decides.
    coarse = pictures.reshape(len(pictures), 6, 8, 6, 8).mean((2, 4)).astype(np.uint8) // 24
    held = np.array([hashlib.sha256(one.tobytes()).digest()[0] % HELD_OUT == 0 for one in coarse])
    return {"rows": np.diff(pictures[use], axis=2, prepend=np.uint8(0)), "crops": crops[use], "votes": theirs[use],
            "majority": majority_of(votes, names)[use], "held": held[use], "places": np.flatnonzero(use)}


class Stills:
    """FER+: a softmax regression on still faces, and those faces as if they moved. It rests on the part of FER+ train that
    the expression network has not been trained on: of what it has learnt by heart it is surer than of anything else."""

    columns = np.r_[0:MOVING, 3 * MOVING:FACE_FEATURES]
    # Standard deviations of what moves, and which share of their usual sum is movement enough.
    movement = slice(MOVING, 2 * MOVING)
    moving = 0.2
    penalty = 3e-2

    def __init__(self, data, cache):
        self.data, self.cache = data, of_network(cache, "ferplus")
        found = expression_pictures(data, cache)
        held = found["held"]
        pictures, _, _ = ferplus(data, "train")
        x = through_program("faces", pictures[found["places"][held]], self.cache / "held.npy")
        seen = np.isfinite(x).all(1)
        votes, labels = found["votes"][held][seen].astype(float), found["majority"][held][seen]
        x, soft = x[seen], votes / votes.sum(1, keepdims=True)
        self.mean = x[:, self.columns].mean(0)
        self.sd = robust_sd(x[:, self.columns] - self.mean)
        # The temperature from what regressions without a part say of it.
        folds = np.random.default_rng(0).integers(0, 5, len(x))
        without = np.zeros_like(soft)
        for fold in range(6):
            own = folds != fold
            self.weights, self.bias = regress(self.normal(x[own]), soft[own], np.ones(own.sum()), self.penalty)
            without[~own] = self.read(x[~own])
        clear = labels >= 0
        self.temperature, _ = calibrate(without[clear], labels[clear], np.ones(clear.sum()))
        self.held_out = still_figures(without[clear] / self.temperature, labels[clear])
        self.x, self.labels = x, soft.argmax(1)

    def normal(self, x):
        return np.clip((x[:, self.columns] - self.mean) / self.sd, -CLIP, CLIP)

    def read(self, x):
        return self.normal(x) @ self.weights + self.bias

    def as_moving(self, population):
        """The faces with the movement of the population, and their labels."""
        x = self.x.copy()
        x[:, MOVING:2 * MOVING] = population[MOVING:2 * MOVING]
        x[:, 2 * MOVING:3 * MOVING] = x[:, :MOVING] + (population[2 * MOVING:3 * MOVING] - population[:MOVING])
        return x, self.labels

    def accuracy(self, logits_of):
        """Figures on FER+ valid, pictures with a majority for one of the labels; where no face was found it is wrong."""
        pictures, votes, names = ferplus(self.data, "valid")
        x = through_program("faces", pictures, self.cache / "valid.npy")
        labels = majority_of(votes, names)
        use = labels >= 0
        x, labels = x[use], labels[use]
        found = np.isfinite(x).all(1)
        logits = np.zeros((len(x), len(LABELS)))
        logits[found] = logits_of(x[found])
        right = found & (logits.argmax(1) == labels)
        recalls = [right[labels == label].mean() for label in range(len(LABELS))]
        of_found = still_figures(logits[found], labels[found])
        return {"accuracy": round(100 * float(right.mean()), 1), "uar": round(100 * float(np.mean(recalls)), 1),
                "accuracy_of_found": of_found["accuracy"], "calibration_error_of_found": of_found["calibration_error"],
                "pictures": len(x), "found": round(100 * float(found.mean()), 1)}


def still_figures(logits, labels):
    """Accuracy (%), and the distance between how sure and how often right in ten bins of equally many."""
    p = np.exp(log_softmax(logits))
    sure, right = p.max(1), p.argmax(1) == labels
    return {"accuracy": round(100 * float(right.mean()), 1), "calibration_error": round(calibration_error(sure, right), 3)}
