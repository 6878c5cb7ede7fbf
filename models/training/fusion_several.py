"""Several labels at once: from which probability on a label is said to be there, and how likely that is wrong."""

import numpy as np
from scipy.optimize import minimize

from calibration import calibration_error

THIN = 4
# Thresholds that are tried.
TRIED = np.arange(0.05, 0.9, 0.025)
# Where a label hardly ever is, its threshold isn't chosen.
LEAST_COUNT, PLAIN = 200, 0.5


def logit(p):
    p = np.clip(p, 1e-5, 1 - 1e-5)
    return np.log(p / (1 - p))


def gather(parts):
    """Probabilities, spreads, truth of ticks [N, 7] from [{several, spread, wanted, sure}]."""
    columns = []
    for part in parts:
        seen = np.isfinite(part["sure"]) & (np.arange(part["sure"].shape[1]) % THIN == 0)
        wanted = np.broadcast_to(part["wanted"][:, None], part["several"].shape)
        columns.append((part["several"][seen], part["spread"][seen], wanted[seen] > 0))
    return [np.concatenate(column) for column in zip(*columns)]


def fit(parts):
    """Thresholds [7] with the best F1 of each label, and weights [3] of the doubt."""
    p, spread, wanted = gather(parts)
    thresholds = np.full(7, PLAIN)
    for label in range(7):
        if wanted[:, label].sum() >= LEAST_COUNT:
            thresholds[label] = max(TRIED, key=lambda at: f1(p[:, label] > at, wanted[:, label]))
    about, wrong = circumstances(p, spread, thresholds), ((p > thresholds) != wanted).ravel()

    def loss(weights):
        score = about @ weights
        expected = 1 / (1 + np.exp(-score))
        return float(np.mean(np.logaddexp(0, score) - wrong * score)), about.T @ (expected - wrong) / len(wrong)
    return thresholds, minimize(loss, np.zeros(3), jac=True, method="L-BFGS-B").x


def circumstances(p, spread, thresholds):
    """One, the distance from the threshold, the spread: rows [N * 7, 3]."""
    apart = np.abs(logit(p) - logit(thresholds))
    return np.stack([np.ones_like(apart), apart, np.log(spread)], -1).reshape(-1, 3)


def f1(said, true):
    both = (said & true).sum()
    return 2 * both / max(said.sum() + true.sum(), 1)


def figures(fitted, parts):
    """On people whom neither network nor thresholds met: F1, calibration, and what the doubt is worth."""
    from fusion_tables import auc

    thresholds, weights = fitted
    p, spread, wanted = gather(parts)
    said = p > thresholds
    wrong = (said != wanted).ravel()
    doubt = 1 / (1 + np.exp(-circumstances(p, spread, thresholds) @ weights))
    there = wanted.sum(0) >= LEAST_COUNT / 4
    scores = [f1(said[:, label], wanted[:, label]) for label in np.flatnonzero(there)]
    return {"macro F1 of several": float(np.mean(scores)), "ece of several": calibration_error(p.ravel(), wanted.ravel()),
            "ece of doubts": calibration_error(doubt, wrong), "auc of doubts": auc(doubt, wrong),
            "labels at once": float(said.sum(1).mean())}
