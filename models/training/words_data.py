"""The sets of text that the words network is trained and measured on, all brought to one form.

| set        | gives                       | used for                                              |
|------------|-----------------------------|-------------------------------------------------------|
| EmoBank    | valence, arousal            | training, validation, its own dev part                |
| GoEmotions | 27 labels and neutral       | training, validation, its own dev part                |
| XED        | 8 labels, none is neutral   | training, validation                                  |
| VADER      | valence of ten raters       | training, a tenth of the documents is dev             |
| MELD       | 7 labels of a dialogue line | measuring only; training of a variant that stays here |
"""

import csv
import gzip
import re
import tomllib
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

LABELS = ("neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise")

# GoEmotions' own grouping into Ekman's six (Demszky et al. 2020, appendix).
GOEMOTIONS_GROUPS = {
    "neutral": "neutral",
    "happiness": "admiration amusement approval caring desire excitement gratitude joy love optimism pride relief",
    "sadness": "disappointment embarrassment grief remorse sadness",
    "anger": "anger annoyance disapproval",
    "fear": "fear nervousness",
    "disgust": "disgust",
    "surprise": "confusion curiosity realization surprise",
}
# Labels of an attitude more than of a feeling: a question isn't a startled face. A share of each goes to neutral.
MILD = "approval caring desire optimism disapproval confusion curiosity realization".split()
MILD_SHARE = 0.5
XED_LABELS = {1: "anger", 3: "disgust", 4: "fear", 5: "happiness", 6: "sadness", 7: "surprise"}
MELD_LABELS = {"joy": "happiness"}
VADER_FILES = ("tweets", "amazonReviewSnippets", "nytEditorialSnippets", "movieReviewSnippets")


@dataclass
class Texts:
    """One set: its sentences, which part each is in, and what is known of each (NaN where nothing is)."""

    name: str
    text: list[str]
    part: np.ndarray  # "train", "valid" or "dev"
    target: np.ndarray  # [N, 7] label distribution
    rating: np.ndarray  # [N, 2] valence, arousal as EmoBank's raters gave them, 1 to 5
    opinion: np.ndarray  # [N] valence as VADER's raters gave it, divided by 4
    fine: np.ndarray  # [N, F] the set's own labels, multi-hot
    labels: np.ndarray  # [N, 7] several labels at once, multi-hot
    groups: list[frozenset] = field(default_factory=list)  # the gold labels, as indices into LABELS


def load(data: Path) -> dict[str, Texts]:
    """Reads every set under `data`."""
    text = data / "text"
    sets = (_emobank(text), _goemotions(text), _xed(text), _vader(text), _meld(text))
    return {texts.name: texts for texts in sets}


def as_heard(text: str) -> str:
    """The same sentence as a speech recogniser without punctuation writes it."""
    return re.sub(r"\s+", " ", re.sub(r"[^\w\s']", " ", text.lower().replace("’", "'"))).strip()


def _held_out(key: str, percent: int) -> bool:
    """The same answer for the same key on every machine."""
    return zlib.crc32(key.encode()) % 100 < percent


def _parts(keys: list[str], valid_percent: int) -> np.ndarray:
    return np.array(["valid" if _held_out(key, valid_percent) else "train" for key in keys])


def centroids(models: Path) -> np.ndarray:
    """Valence and arousal of each label, [7, 2]."""
    table = tomllib.loads((models / "centroids.toml").read_text())
    return np.array([(table[label]["valence"], table[label]["arousal"]) for label in LABELS])


def _texts(name: str, text: list[str], part: np.ndarray, **known) -> Texts:
    n = len(text)
    unknown = {
        "target": np.full((n, len(LABELS)), np.nan, np.float32),
        "rating": np.full((n, 2), np.nan, np.float32),
        "opinion": np.full(n, np.nan, np.float32),
        "fine": np.zeros((n, 0), np.float32),
        "labels": np.full((n, len(LABELS)), np.nan, np.float32),
    }
    return Texts(name, text, part, **(unknown | known))


def _rows(path: Path, delimiter: str) -> list[list[str]]:
    quoting = csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE
    with gzip.open(path, "rt", encoding="utf8", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter, quoting=quoting))


def _emobank(folder: Path) -> Texts:
    _, *rows = _rows(folder / "emobank.csv.gz", ",")
    parts = _parts([row[0] for row in rows], 12)
    parts[[row[1] == "dev" for row in rows]] = "dev"
    rating = np.array([(float(row[2]), float(row[3])) for row in rows], np.float32)
    return _texts("emobank", [row[5] for row in rows], parts, rating=rating)


def _goemotions(folder: Path) -> Texts:
    names = (folder / "goemotions_labels.txt").read_text().split()
    group = {fine: LABELS.index(label) for label, fines in GOEMOTIONS_GROUPS.items() for fine in fines.split()}

    train = _rows(folder / "goemotions_train.tsv.gz", "\t")
    dev = _rows(folder / "goemotions_dev.tsv.gz", "\t")
    parts = np.concatenate([_parts([row[2] for row in train], 8), np.full(len(dev), "dev")])
    rows = train + dev

    fine = np.zeros((len(rows), len(names)), np.float32)
    target = np.zeros((len(rows), len(LABELS)), np.float32)
    groups = []
    for i, row in enumerate(rows):
        given = [names[int(label)] for label in row[1].split(",")]
        for label in given:
            fine[i, names.index(label)] = 1
            mild = MILD_SHARE * (label in MILD)
            target[i, group[label]] += 1 - mild
            target[i, 0] += mild
        groups.append(frozenset(group[label] for label in given))
    target /= target.sum(1, keepdims=True)
    known = {"target": target, "fine": fine, "labels": _several(groups), "groups": groups}
    return _texts("goemotions", [row[0] for row in rows], parts, **known)


def _xed(folder: Path) -> Texts:
    rows = _rows(folder / "xed_en.tsv.gz", "\t")
    fine = np.zeros((len(rows), 8), np.float32)
    target = np.zeros((len(rows), len(LABELS)), np.float32)
    for i, row in enumerate(rows):
        for label in map(int, row[1].split(",")):
            fine[i, label - 1] = 1
            if label in XED_LABELS:
                target[i, LABELS.index(XED_LABELS[label])] = 1
    labels = target.copy()
    labels[:, 0] = np.nan
    total = target.sum(1, keepdims=True)
    target = np.where(total > 0, target / np.maximum(total, 1), np.nan)
    text = [row[0] for row in rows]
    return _texts("xed", text, _parts(text, 8), target=target, fine=fine, labels=labels)


def _vader(folder: Path) -> Texts:
    text, documents, opinion = [], [], []
    for name in VADER_FILES:
        for row in _rows(folder / f"vader_{name}_GroundTruth.tsv.gz", "\t"):
            text.append(row[2])
            documents.append(f"{name} {row[0].split('_')[0]}")
            opinion.append(float(row[1]) / 4)
    parts = np.array(["dev" if _held_out(d, 10) else "valid" if _held_out(d, 15) else "train" for d in documents])
    return _texts("vader", text, parts, opinion=np.array(opinion, np.float32))


def _meld(folder: Path) -> Texts:
    text, groups, parts = [], [], []
    for part in ("train", "dev"):
        _, *rows = _rows(folder / f"meld_{part}.csv.gz", ",")
        text += [row[0] for row in rows]
        groups += [frozenset([LABELS.index(MELD_LABELS.get(row[2], row[2]))]) for row in rows]
        parts += _parts([row[4] for row in rows], 10).tolist() if part == "train" else ["dev"] * len(rows)
    several = _several(groups)
    return _texts("meld", text, np.array(parts), target=several, labels=several, groups=groups)


def _several(groups: list[frozenset]) -> np.ndarray:
    labels = np.zeros((len(groups), len(LABELS)), np.float32)
    for i, group in enumerate(groups):
        labels[i, list(group)] = 1
    return labels
