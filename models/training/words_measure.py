"""How good readings of text are: correlation, F1, calibration. One function per table."""

import numpy as np
from sklearn.metrics import f1_score

from words_data import LABELS, Texts
from words_net import MIDDLE


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def ccc(a: np.ndarray, b: np.ndarray) -> float:
    covariance = np.mean((a - a.mean()) * (b - b.mean()))
    return float(2 * covariance / (a.var() + b.var() + (a.mean() - b.mean()) ** 2))


def calibration_error(probability: np.ndarray, target: np.ndarray, bins: int = 15) -> float:
    """ECE of the chosen label, which is right to the share that the target gives it."""
    chosen = probability.argmax(1)
    confidence = probability[np.arange(len(chosen)), chosen]
    right = target[np.arange(len(chosen)), chosen]
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs((confidence - right)[bin_of == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(chosen))


def of_labels(logits: np.ndarray, texts: Texts, part: np.ndarray) -> dict[str, float]:
    """F1 of the sentences that carry one label, and the calibration error of all."""
    groups = [texts.groups[i] for i in part]
    single = np.array([len(group) == 1 for group in groups])
    gold = np.array([min(group) for group in groups])[single]
    chosen = logits.argmax(1)[single]
    probability = softmax(logits)
    figures = {
        "macro_f1": f1_score(gold, chosen, average="macro"),
        "weighted_f1": f1_score(gold, chosen, average="weighted"),
        "ece": calibration_error(probability, texts.target[part]),
    }
    each = f1_score(gold, chosen, average=None, labels=range(len(LABELS)), zero_division=0)
    return {k: float(v) for k, v in figures.items()} | {f"f1_{l}": float(f) for l, f in zip(LABELS, each)}


def of_affect(affect: np.ndarray, doubt: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Correlation with raters, and whether the stated doubt is the true one."""
    figures = {}
    for i, name in enumerate(("valence", "arousal")):
        miss = np.abs(truth[:, i] - affect[:, i])
        figures[f"{name}_r"] = pearson(affect[:, i], truth[:, i])
        figures[f"{name}_ccc"] = ccc(affect[:, i], truth[:, i])
        figures[f"{name}_within_one_sd"] = float((miss < doubt[:, i]).mean())
    return figures


def best_temperature(logits: np.ndarray, target: np.ndarray) -> float:
    """The temperature with the least cross-entropy."""
    tried = np.exp(np.linspace(np.log(0.5), np.log(3), 181))
    losses = [-(target * np.log(softmax(logits / t) + 1e-12)).sum(1).mean() for t in tried]
    return float(tried[int(np.argmin(losses))])


def label_means(rating: np.ndarray, texts: Texts, part: np.ndarray) -> np.ndarray:
    """The mean rating of the sentences that carry one label alone, [7, 2]."""
    groups = [texts.groups[i] for i in part]
    of_label = [[i for i, group in enumerate(groups) if group == {label}] for label in range(len(LABELS))]
    return np.stack([rating[rows].mean(0) for rows in of_label])


def circumplex_slope(ratings: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Circumplex per point of rating: human ratings then spread as widely as the labels' centroids do.

    Rounded, since the last digits mean nothing.
    """
    return (centroids.std(0) / ratings.std(0, dtype=float)).round(1)


def doubt_factor(out: dict, ratings: np.ndarray) -> np.ndarray:
    """What the stated standard deviations have to be multiplied by, to be those of the misses."""
    doubt = np.exp(np.clip(out["doubt"], -5, 2))
    return np.sqrt((((ratings - MIDDLE - out["rating"]) / doubt) ** 2).mean(0))
