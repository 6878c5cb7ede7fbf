"""The head of the voice: one discriminant for each corpus, on one description of how a window differs from the person.

A gate, a softmax regression on the features, says which corpus a recording is like. The person's mean is

    person = (PRIOR_SECS * gates @ populations + sums) / (PRIOR_SECS + secs)

so that somebody unknown is read against people recorded alike. The logits of a corpus are linear in
z = clip((features - person) / sd), by a linear discriminant with a common covariance, shrunk towards that of unrelated
features; it is trained on all corpora, the others weighing as much as OTHERS speakers of its own. They are scaled by exp(scale @ [1, k, length]), with
k = secs / (PRIOR_SECS + secs) and a linear estimate of the window's length: a short window of a stranger tells less than
a long one of somebody known. Scale and shrinkage come from speakers held out among those a head is trained on, without
the sums of whom the discriminant is solved again. The head's logits are the corpora's, weighed by the gate.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from heads import (CLIP, GATE_PENALTY, LABELS, LENGTH_PENALTY, LONGEST, NEVER, PRIOR_SECS, Graph, finish, log_softmax, passes,
                   regress, robust_sd, theirs_of)

OTHERS = 2
THIN = 3
# Parts of the training speakers, each left out in turn to calibrate.
INNER_FOLDS = 3
SHRINKAGES = [0.2, 0.5, 0.8]


class Moments:
    """Weighted sums over readings: of z zᵀ, and of z for each label."""

    def __init__(self, z, labels, weights):
        heavy = z * np.sqrt(weights).astype(np.float32)[:, None]
        self.squares = heavy.T @ heavy
        self.sums = np.stack([weights[labels == label] @ z[labels == label] for label in range(len(LABELS))])
        self.masses = np.bincount(labels, weights, len(LABELS))


def discriminant(parts, shrinkage):
    """Weights and bias from [(moments, weight)]; every label counts alike."""
    squares = sum(weight * one.squares for one, weight in parts).astype(np.float64)
    sums, masses = (sum(weight * getattr(one, name) for one, weight in parts) for name in ("sums", "masses"))
    seen = masses > 0
    means = np.zeros_like(sums)
    means[seen] = sums[seen] / masses[seen, None]
    within = (squares - (means.T * masses) @ means) / masses.sum()
    within[np.diag_indices_from(within)] += shrinkage / (1 - shrinkage)
    solved = cho_solve(cho_factor(within, overwrite_a=True), means.T)
    return np.where(seen, solved, 0.0), np.where(seen, -(means.T * solved).sum(0) / 2, 0.0)


class VoiceHead:
    def __init__(self, sets, seed):
        """From a list of clips for each corpus."""
        rng = np.random.default_rng(seed)
        self.populations = np.stack([mean_of(clips) for clips in sets])
        self.population = self.populations.mean(0)
        self.sd = np.sqrt(np.mean([spread_of(clips) ** 2 for clips in sets], axis=0))
        self.learn_gate(sets)
        held = [np.array_split(rng.permutation(sorted({clip.speaker for clip in clips})), INNER_FOLDS) for clips in sets]
        parts = [[self.collect(at, [clip for clip in clips if clip.speaker in fold], rng) for fold in folds]
                 for at, (clips, folds) in enumerate(zip(sets, held))]
        self.learn_length(parts)
        moments = [[Moments(*part[:3]) for part in theirs] for theirs in parts]
        weigh = lambda at, own: 1.0 if at == own else OTHERS / sum(map(len, held[own]))
        masses = sum(one.masses for theirs in moments for one in theirs)
        never = np.where(masses > 0, 0.0, NEVER)
        self.experts, self.shrinkages = [], []
        for own in range(len(sets)):
            tried = []
            for shrinkage in SHRINKAGES:
                found = []
                for fold in range(INNER_FOLDS):
                    rest = [(one, weigh(at, own)) for at, theirs in enumerate(moments) for place, one in enumerate(theirs)
                            if (at, place) != (own, fold)]
                    z, labels, weights, lengths, k = parts[own][fold]
                    found.append((self.plain(z, discriminant(rest, shrinkage)), self.circumstances(z, k), labels, weights))
                tried.append((*calibrate(*map(np.concatenate, zip(*found)), never), shrinkage))
            _, scale, shrinkage = min(tried, key=lambda one: one[0])
            every = [(one, weigh(at, own)) for at, theirs in enumerate(moments) for one in theirs]
            self.experts.append(((*discriminant(every, shrinkage), never), scale))
            self.shrinkages.append(shrinkage)
        self.seen = np.flatnonzero(masses > 0)

    def learn_gate(self, sets):
        rows = [np.vstack([clip.x[::4] for clip in clips]) for clips in sets]
        targets = np.repeat(np.eye(len(sets)), [len(part) for part in rows], axis=0)
        weights = np.repeat([1 / len(part) for part in rows], [len(part) for part in rows])
        self.gate_weights, self.gate_bias = np.zeros((len(self.sd), 1)), np.zeros(1)
        if len(sets) > 1:
            self.gate_weights, self.gate_bias = regress(self.gate_z(np.vstack(rows)), targets, weights, GATE_PENALTY)

    def gate_z(self, x):
        return np.clip((x - self.population) / self.sd, -CLIP, CLIP).astype(np.float32)

    def gates(self, x):
        return np.exp(log_softmax(self.gate_z(x) @ self.gate_weights + self.gate_bias))

    def z(self, x, sums, secs, gates):
        person = (PRIOR_SECS * gates @ self.populations + sums) / (PRIOR_SECS + secs)[:, None]
        return np.clip((x - person) / self.sd, -CLIP, CLIP).astype(np.float32)

    def collect(self, at, clips, rng):
        """z, labels, weights, lengths, k of every `THIN`th reading, afresh and carried; all weights sum to 1."""
        zs, labels, weights, lengths, ks = [], [], [], [], []
        own = np.eye(len(self.populations))[at]
        for way in ("carried", "afresh"):
            for place, sums, secs in passes(clips, rng.permutation(len(clips)), way):
                clip = clips[place]
                if not len(clip.x):
                    continue
                picked = slice((len(clip.x) - 1) % THIN, None, THIN)
                x = clip.x[picked]
                zs.append(self.z(x, sums[picked], secs[picked], np.tile(own, (len(x), 1))))
                labels.append(np.full(len(x), clip.label))
                weights.append(clip.weights[picked] / clip.weights[picked].sum())
                lengths.append(np.log(clip.lengths[picked]))
                ks.append(secs[picked] / (PRIOR_SECS + secs[picked]))
        labels, weights = np.concatenate(labels), np.concatenate(weights)
        weights = weights / np.bincount(labels, weights, len(LABELS))[labels]
        return np.vstack(zs), labels, weights / weights.sum(), np.concatenate(lengths), np.concatenate(ks)

    def learn_length(self, parts):
        z, lengths = (np.concatenate([part[at] for theirs in parts for part in theirs])[::4] for at in (0, 3))
        self.length_bias = lengths.mean()
        squares = (z.T @ z).astype(np.float64) / len(z) + LENGTH_PENALTY * np.eye(z.shape[1])
        self.length_weights = cho_solve(cho_factor(squares), z.T @ (lengths - self.length_bias) / len(z))

    def circumstances(self, z, k):
        length = np.clip(z @ self.length_weights + self.length_bias, -LONGEST, LONGEST)
        return np.column_stack([np.ones(len(z)), k, length])

    @staticmethod
    def plain(z, expert):
        return z @ expert[0].astype(np.float32) + expert[1]

    def logits(self, x, sums, secs):
        gates = self.gates(x)
        z = self.z(x, sums, secs, gates)
        about = self.circumstances(z, secs / (PRIOR_SECS + secs))
        return sum(gate[:, None] * (self.plain(z, expert) * np.exp(about @ scale)[:, None] + expert[2])
                   for gate, (expert, scale) in zip(gates.T, self.experts))

    def write(self, path, doc):
        """The head as ONNX: features, sums, seconds → logits, affect, affect_sd."""
        graph = Graph({"prior": [[PRIOR_SECS]], "low": -CLIP, "high": CLIP, "mean": self.population[None],
                       "scale": 1 / self.sd[None], "gate_weights": self.gate_weights, "gate_bias": self.gate_bias[None],
                       "prior_sums": PRIOR_SECS * self.populations, "length_weights": self.length_weights[:, None],
                       "length_bias": [[self.length_bias]], "shortest": -LONGEST, "longest": LONGEST})
        graph.normal("features", "mean", "scale", "gate_z")
        graph.linear("gate_z", "gate_weights", "gate_bias", "gate_l")
        graph.add("Softmax", ["gate_l"], "gates", axis=-1)
        graph.linear("gates", "prior_sums", "sums", "all")
        graph.add("Add", ["seconds", "prior"], "known")
        graph.add("Div", ["all", "known"], "person")
        graph.normal("features", "person", "scale", "z")
        graph.add("Div", ["seconds", "known"], "k")
        graph.linear("z", "length_weights", "length_bias", "long")
        graph.add("Clip", ["long", "shortest", "longest"], "length")
        graph.add("Concat", ["k", "length"], "about", axis=1)
        for at, ((weights, bias, never), scale) in enumerate(self.experts):
            graph.constants |= {f"weights{at}": weights, f"bias{at}": bias[None], f"never{at}": never[None],
                                f"scale_weights{at}": scale[1:, None], f"scale_bias{at}": [[scale[0]]],
                                f"place{at}": np.array([at], np.int64)}
            graph.linear("z", f"weights{at}", f"bias{at}", f"plain{at}")
            graph.linear("about", f"scale_weights{at}", f"scale_bias{at}", f"log_scale{at}")
            graph.add("Exp", [f"log_scale{at}"], f"times{at}")
            graph.add("Mul", [f"plain{at}", f"times{at}"], f"sharp{at}")
            graph.add("Add", [f"sharp{at}", f"never{at}"], f"logits{at}")
            graph.add("Gather", ["gates", f"place{at}"], f"gate{at}", axis=1)
            graph.add("Mul", [f"logits{at}", f"gate{at}"], f"share{at}")
        graph.add("Sum", [f"share{at}" for at in range(len(self.experts))], "logits")
        finish(graph, len(self.population), path, doc)


def mean_of(clips):
    return np.average(np.vstack([clip.x for clip in clips]), 0, np.concatenate([clip.weights for clip in clips]))


def spread_of(clips):
    return robust_sd(np.vstack([clip.x for clip in clips]) - theirs_of(clips))


def calibrate(logits, about, labels, weights, never):
    """The least log loss and its scale: weights of the circumstances for the logarithm of what multiplies the logits."""
    rows = np.arange(len(labels))

    def loss(scale):
        times = np.exp(about @ scale)[:, None]
        scores = log_softmax(logits * times + never)
        slope = ((np.exp(scores) * logits).sum(1) - logits[rows, labels]) * times[:, 0] * weights
        return -float(scores[rows, labels] @ weights), about.T @ slope

    weights = weights / weights.sum()
    done = minimize(loss, np.array([-2.0, 0.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(-6, 2), (-2, 2), (-2, 2)])
    return float(done.fun), done.x
