"""What the heads of face and voice are trained on: recordings as clips of readings, and still faces."""

import subprocess

import numpy as np

from heads import CLIP, LABELS, Clip, build, calibrate, extract, regress, robust_sd

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
MOVING = 55
# A face reading every fifth frame is enough to train on.
FACE_STEP = 5
FERPLUS_COLUMNS = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear"]
FERPLUS_TRAIN = 14000
VOICE_FEATURES = 2 * 3 * 288 + 88
FACE_FEATURES = 3 * MOVING + 256


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


def java_video(data, cache, which):
    """The audio-visual clips: `which` is "face" or "voice"."""
    files = sorted((data / "java-sed/video").glob("*.mp4"))
    extract(files, cache / "java-video")
    make = face_clip if which == "face" else voice_clip
    return [make(cache / "java-video" / f"{file.stem}.{which}.npy", *java_fields(file)) for file in files]


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


class Stills:
    """FER+: a softmax regression on still faces, and its training faces as if they moved."""

    columns = np.r_[0:MOVING, 3 * MOVING:FACE_FEATURES]
    fade_secs = 0.1
    penalty = 1e-3
    # Rare labels count for more: by their share to the power of −rarity.
    rarity = 0.25

    def __init__(self, data, cache):
        self.data, self.cache = data / "ferplus", cache / "ferplus"
        x, votes, found = self.load("train", FERPLUS_TRAIN)
        soft = votes[:, [self.names.index(label) for label in LABELS]].astype(float)
        use = found & (soft.sum(1) >= 5)
        x, soft = x[use], soft[use] / soft[use].sum(1, keepdims=True)
        share = soft.mean(0)
        importance = soft * share ** -self.rarity
        self.mean = x[:, self.columns].mean(0)
        self.sd = robust_sd(x[:, self.columns] - self.mean)
        held = np.random.default_rng(0).random(len(x)) < 0.1
        for part in (~held, np.ones(len(x), bool)):
            theirs = importance[part]
            totals = theirs.sum(1)
            self.weights, self.bias = regress(self.normal(x[part]), theirs / totals[:, None], totals, self.penalty)
            if not part.all():
                self.temperature, _ = calibrate(self.read(x[held]), soft[held].argmax(1), np.ones(held.sum()))
        picked = np.random.default_rng(0).permutation(len(x))[:7000]
        self.x, self.labels = x[picked], soft[picked].argmax(1)

    def load(self, part, count=None):
        """Features, votes, and whether a face was found, of a part of FER+ or a seeded sample of it."""
        file = np.load(self.data / f"{part}.npz")
        self.names = [str(name) for name in file["labels"]]
        votes = file["votes"]
        at = np.arange(len(votes))
        if count is not None:
            at = np.sort(np.random.default_rng(0).permutation(len(votes))[:count])
        path = self.cache / (f"{part}.npy" if count is None else f"{part}-{count}.npy")
        if not path.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            pictures = self.cache / f"{part}.raw"
            pictures.write_bytes(file["images"][at].tobytes())
            subprocess.run([build(), "faces", pictures, path, str(len(at)), "48"], check=True)
            pictures.unlink()
        x = np.load(path)
        return x, votes[at], np.isfinite(x).all(1)

    def normal(self, x):
        return np.clip((x[:, self.columns] - self.mean) / self.sd, -CLIP, CLIP)

    def read(self, x):
        return self.normal(x) @ self.weights + self.bias

    def moving(self, population):
        """The training faces with the movement of the population, and their labels."""
        x = self.x.copy()
        x[:, MOVING:2 * MOVING] = population[MOVING:2 * MOVING]
        x[:, 2 * MOVING:3 * MOVING] = x[:, :MOVING] + (population[2 * MOVING:3 * MOVING] - population[:MOVING])
        return x, self.labels

    def accuracy(self, logits_of):
        """Accuracy and UAR (%) on FER+ valid: the label with most votes of all ten columns, ties and other labels dropped;
        where no face was found it is wrong."""
        x, votes, found = self.load("valid")
        majority = votes.argmax(1)
        alone = (votes == votes.max(1, keepdims=True)).sum(1) == 1
        use = alone & np.isin([self.names[at] for at in majority], LABELS)
        labels = np.array([LABELS.index(self.names[at]) for at in majority[use]])
        guesses = np.full(use.sum(), -1)
        guesses[found[use]] = logits_of(x[use & found]).argmax(1)
        recalls = [np.mean(guesses[labels == label] == label) for label in range(len(LABELS))]
        return {"accuracy": round(100 * float(np.mean(guesses == labels)), 1), "uar": round(100 * float(np.mean(recalls)), 1),
                "accuracy_of_found": round(100 * float(np.mean(guesses[found[use]] == labels[found[use]])), 1),
                "pictures": int(use.sum()), "found": round(100 * float(found[use].mean()), 1)}
