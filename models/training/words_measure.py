"""How good readings of text are: correlation, F1, calibration. What is fitted after training is fitted here too."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import spearmanr
from sklearn.metrics import f1_score

from calibration import calibration_error
from words_data import LABELS, Texts
from words_export import Calibration
from words_net import MIDDLE, SPREAD

BAND = 0.9  # the share of ratings that a band is to hold


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def ccc(a: np.ndarray, b: np.ndarray) -> float:
    covariance = np.mean((a - a.mean()) * (b - b.mean()))
    return float(2 * covariance / (a.var() + b.var() + (a.mean() - b.mean()) ** 2))


def shares(labels: np.ndarray) -> np.ndarray:
    """Each label's share of the labels that a sentence has."""
    return labels / labels.sum(1, keepdims=True)


def label_error(logits: np.ndarray, labels: np.ndarray) -> float:
    """ECE of the chosen label, which is right to its share of the sentence's labels."""
    rows, chosen = np.arange(len(logits)), logits.argmax(1)
    return calibration_error(softmax(logits)[rows, chosen], shares(labels)[rows, chosen])


def of_labels(logits: np.ndarray, texts: Texts, part: np.ndarray) -> dict[str, float]:
    """F1 of the sentences that carry one label, and the calibration error of all."""
    groups = [texts.groups[i] for i in part]
    single = np.array([len(group) == 1 for group in groups])
    gold = np.array([min(group) for group in groups])[single]
    chosen = logits.argmax(1)[single]
    figures = {
        "macro_f1": f1_score(gold, chosen, average="macro"),
        "weighted_f1": f1_score(gold, chosen, average="weighted"),
        "ece": label_error(logits, texts.labels[part]),
    }
    each = f1_score(gold, chosen, average=None, labels=range(len(LABELS)), zero_division=0)
    return {k: float(v) for k, v in figures.items()} | {f"f1_{l}": float(f) for l, f in zip(LABELS, each)}


def of_six(logits: np.ndarray, target: np.ndarray) -> float:
    """Macro F1 over the lines that have one label, neutral not among those to choose from."""
    single = target.max(1) == 1
    return float(f1_score(target[single].argmax(1), logits[single, 1:].argmax(1) + 1, average="macro"))


def of_several(out: dict, labels: np.ndarray) -> dict[str, float]:
    """Several labels at once: F1 at each label's threshold, calibration, and what the doubt is worth."""
    probability, doubt, threshold = out["labels"], out["labels_doubt"], out["labels_threshold"]
    said, there = probability > threshold, labels > 0.5
    wrong = (said != there).astype(float)
    sure = np.argsort(doubt.ravel(), kind="stable")[: int(0.8 * doubt.size)]
    figures = {
        "macro_f1": f1_score(there, said, average="macro", zero_division=0),
        "micro_f1": f1_score(there, said, average="micro", zero_division=0),
        "ece": np.mean([calibration_error(probability[:, k], labels[:, k]) for k in range(len(LABELS))]),
        "doubt_ece": calibration_error(doubt.ravel(), wrong.ravel()),
        "doubt_follows_error": spearmanr(doubt.ravel(), wrong.ravel()).statistic,
        "error": wrong.mean(),
        "error_of_the_surest_80": wrong.ravel()[sure].mean(),
    }
    each = f1_score(there, said, average=None, zero_division=0)
    return {k: float(v) for k, v in figures.items()} | {f"f1_{l}": float(f) for l, f in zip(LABELS, each)}


def of_affect(out: dict, truth: np.ndarray) -> dict[str, float]:
    """Correlation with raters, and whether the stated doubt is the true one."""
    figures = {}
    for i, name in enumerate(("valence", "arousal")):
        miss = np.abs(truth[:, i] - out["affect"][:, i])
        figures[f"{name}_r"] = pearson(out["affect"][:, i], truth[:, i])
        figures[f"{name}_ccc"] = ccc(out["affect"][:, i], truth[:, i])
        figures[f"{name}_within_one_sd"] = float((miss < out["affect_sd"][:, i]).mean())
        figures[f"{name}_within_band"] = float((miss <= out["affect_band"][:, i]).mean())
    return figures


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


def calibrated(emobank: tuple, goemotions: tuple, xed: tuple, slope: np.ndarray) -> Calibration:
    """Everything that is fitted after training, from validation parts: raw outputs, and ratings or labels."""
    (rated, ratings), (labelled, labels), (lines, line_labels) = emobank, goemotions, xed
    miss = (ratings - MIDDLE) / SPREAD - rated["rating"]
    stated = np.exp(np.clip(rated["doubt"], -4, 3))
    doubt = np.sqrt(((miss / stated) ** 2).mean(0))
    # Split conformal: the rank that holds for one sentence more.
    rank = min(1.0, np.ceil((len(miss) + 1) * BAND) / len(miss))
    band = np.quantile(np.abs(miss) / (stated * doubt), rank, axis=0, method="higher")

    certain, odds = labelled["certain"], odds_of(labelled)
    scale = np.stack([_logistic(odds[:, [k]], labels[:, k]) for k in range(len(LABELS))])
    odds = odds * scale[:, 0] + scale[:, 1]
    threshold = np.array([best_threshold(sigmoid(odds[:, k]), labels[:, k]) for k in range(len(LABELS))])
    apart = np.abs(odds - np.log(threshold / (1 - threshold)))
    wrong = (sigmoid(odds) > threshold) != (labels > 0.5)
    wrong = np.stack(
        [_logistic(np.stack([certain[:, k], apart[:, k]], 1), wrong[:, k]) for k in range(len(LABELS))]
    )
    line_odds = odds_of(lines) * scale[:, 0] + scale[:, 1]
    mix, offset = best_mix(labelled["target"], odds, shares(labels), lines["target"], line_odds, line_labels)
    return Calibration(
        mix=mix,
        offset=offset,
        # The middle of the raters' scale is the origin: it meant "neither" to them.
        rest=np.full(2, MIDDLE),
        slope=slope,
        doubt=doubt,
        band=band,
        scale=scale,
        threshold=threshold,
        wrong=wrong,
    )


def odds_of(out: dict) -> np.ndarray:
    """Log-odds of each label, as the network combines them."""
    clear, vague, certain = (sigmoid(out[name]) for name in ("clear", "vague", "certain"))
    probability = np.clip(clear * certain + vague * (1 - certain), 1e-5, 1 - 1e-5)
    return np.log(probability / (1 - probability))


def best_mix(logits, odds, target, line_logits, line_odds, line_labels) -> tuple[np.ndarray, np.ndarray]:
    """The logits, the labels' log-odds and an offset, put together for the least cross-entropy.

    The network's own logits have met spoken lines only where neutral wasn't offered; the labels by themselves learn
    from those lines too. Lines compare the six other labels here as well.
    """
    line_target = shares(line_labels[:, 1:])

    def loss(w):
        mixed = w[0] * logits + w[1] * odds + w[2:]
        line = (w[0] * line_logits + w[1] * line_odds + w[2:])[:, 1:]
        lost = (logsumexp(mixed, axis=1) - (target * mixed).sum(1)).sum()
        lost += (logsumexp(line, axis=1) - (line_target * line).sum(1)).sum()
        return lost / (len(mixed) + len(line)) + 1e-3 * (w[2:] ** 2).sum()

    w = minimize(loss, np.r_[0.5, 0.5, np.zeros(len(LABELS))]).x
    return w[:2], w[2:]


def best_threshold(probability: np.ndarray, there: np.ndarray) -> float:
    """The threshold with the highest F1."""
    tried = np.arange(0.05, 0.75, 0.01)
    return float(tried[int(np.argmax([f1_score(there > 0.5, probability > t, zero_division=0) for t in tried]))])


def _logistic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights and, last, offset of a logistic regression."""
    x = np.concatenate([x, np.ones((len(x), 1))], 1).astype(float)

    def loss(w):
        z = x @ w
        return np.logaddexp(0, z).mean() - (y * z).mean() + 1e-4 * (w[:-1] ** 2).sum()

    return minimize(loss, np.zeros(x.shape[1])).x
