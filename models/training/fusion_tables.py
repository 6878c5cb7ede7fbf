"""The tables of an evaluation of fusions: how often they are right, whether their gates tell the truth, what their doubt is
worth. Intervals are over speakers."""

import numpy as np
from sklearn.metrics import roc_auc_score

import fusion_several
from calibration import calibration_error
from fusion_data import KINDS, MODALITIES, PRESENT, TICK_SECS, TROUBLES
from heads import uar

RESAMPLES = 1000
TARGET = 0.8
SPOILT = 0.25
# Of fewer spoilt ticks than this nothing is said: of a face in the dark there is no reading, so that only ticks at the edges
# of a burst are left.
FEWEST = 100
# A modality is left once its gate is this share of what it was before the trouble.
LEFT = 0.5
DEAD = {"dark": 0, "cover": 0, "freeze": 0, "mute": 1}


def of_fold(out, tests, rows, wanted, is_full):
    """What is kept of a tested speaker's sequences: the clips' answers; of the full input, ticks and gates as well."""
    there = np.isfinite(out["logs"][..., 0])
    clips = np.array([one[seen].mean(0) if seen.any() else np.full(7, np.nan) for one, seen in zip(out["logs"], there)])
    kept = {"labels": tests.labels, "kinds": tests.kinds, "clips": clips.astype(np.float32)}
    if is_full:
        p = np.exp(out["logs"])
        apart = np.abs(np.exp(out["without"]) - p[..., None, :]).sum(-1)
        kept |= {"sure": np.where(there, p.max(-1), np.nan).astype(np.float32),
                 "right": out["logs"].argmax(-1) == tests.labels[:, None], "gate": out["gate"].astype(np.float32), "weight": out["weight"].astype(np.float32),
                 "trouble": tests.trouble.astype(np.float32), "bursts": tests.bursts, "present": rows[..., PRESENT] > 0, "apart": apart.astype(np.float32)}
        if wanted is not None and "several" in out:
            kept |= {"several": out["several"].astype(np.float32), "spread": out["spread"].astype(np.float32), "wanted": wanted}
    return kept


def tables(parts):
    """{name of a table: ...} from [(speaker, what `fold` gave)]."""
    keys = list(parts[0][1])
    found = {"uar": {}, "gates": {}, "doubt": {}, "several": {}, "differences": {}}
    seeds = sorted({key[0] for key in keys})
    combinations = list(dict.fromkeys(key[1:] for key in keys))
    for way, fusion, mask in combinations:
        one = [[(speaker, part[seed, way, fusion, mask]) for speaker, part in parts] for seed in seeds]
        found["uar"].setdefault(way, {}).setdefault(mask, {})[fusion] = spread([of_kinds(folds) for folds in one])
        if mask == "all":
            found["gates"].setdefault(way, {})[fusion] = spread([gates(folds) for folds in one])
            found["doubt"].setdefault(way, {})[fusion] = spread([doubt(folds) for folds in one])
        if mask == "paired: all" and "several" in one[0][0][1]:
            found["several"].setdefault(way, {})[fusion] = spread([several(folds) for folds in one])
    for way in dict.fromkeys(key[1] for key in keys):
        found["differences"][way] = {
            other: {name: difference(parts, seeds, way, "gated", other, kinds)
                    for name, kinds in (("clean", KINDS[:1]), ("corrupted", KINDS[1:]))}
            for other in ("late", "ungated", "concatenation", "gates alone", "correlation")}
    return found


def spread(rows):
    """Mean and sd over seeds of each column; None where there was nothing to tell in any."""
    def of(name):
        values = np.array([row[name] for row in rows])
        values = values[~np.isnan(values)]
        return [round(float(values.mean()), 3), round(float(values.std()), 3)] if len(values) else [None, None]
    return {name: of(name) for name in rows[0]}


def of_kinds(folds):
    labels, kinds, clips = (np.concatenate([part[name] for _, part in folds]) for name in ("labels", "kinds", "clips"))
    row = {kind: of_clips(labels[kinds == at], clips[kinds == at]) for at, kind in enumerate(KINDS)}
    return row | {"corrupted": float(np.mean([row[kind] for kind in TROUBLES]))}


def of_clips(labels, clips):
    return uar(labels, [one if np.isfinite(one[0]) else None for one in clips])


def difference(parts, seeds, way, one, other, kinds):
    """UAR of `one` less that of `other`, mean over kinds and seeds: [difference, 2.5 %, 97.5 %] over resampled speakers."""
    places = [KINDS.index(kind) for kind in kinds]
    right = {}
    for fusion in (one, other):
        # [speakers][label] → (right, all), summed over seeds, for each kind.
        right[fusion] = np.zeros((len(parts), len(places), 7, 2))
        for at, (_, part) in enumerate(parts):
            for seed in seeds:
                kept = part[seed, way, fusion, "all"]
                answer = np.where(np.isfinite(kept["clips"][:, 0]), kept["clips"].argmax(-1), -1)
                for row, kind in enumerate(places):
                    some = kept["kinds"] == kind
                    np.add.at(right[fusion][at, row, :, 0], kept["labels"][some], answer[some] == kept["labels"][some])
                    np.add.at(right[fusion][at, row, :, 1], kept["labels"][some], 1)

    def of(speakers):
        values = []
        for fusion in (one, other):
            sums = right[fusion][speakers].sum(0)
            seen = sums[..., 1] > 0
            recalls = np.where(seen, sums[..., 0] / np.maximum(sums[..., 1], 1), np.nan)
            values.append(100 * np.nanmean(recalls, -1).mean())
        return values[0] - values[1]
    rng = np.random.default_rng(0)
    drawn = [of(rng.integers(len(parts), size=len(parts))) for _ in range(RESAMPLES)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return [round(float(value), 2) for value in (of(np.arange(len(parts))), low, high)]


def gates(folds):
    """AUC with which one less the gate finds the ticks at which its modality's reading rests on spoilt input (by SPOILT of its
    window or more), among those at which none is, clean clips too, where face and voice are present; the same of ticks at
    which the input is spoilt now, whatever is present, the gate of what is absent being 0; how soon what is dead is left;
    whether the highest gate matters more than the lowest."""
    kinds, gate, trouble, bursts, present, apart = (
        np.concatenate([part[name] for _, part in folds]) for name in ("kinds", "gate", "trouble", "bursts", "present", "apart"))
    row, both = {}, present[..., :2].all(-1)
    for kind, modality in TROUBLES.items():
        place = MODALITIES.index(modality)
        spoilt = trouble[..., place]
        some = both & np.isin(kinds, [0, KINDS.index(kind)])[:, None] & ((spoilt == 0) | (spoilt >= SPOILT))
        row[f"auc {kind}"] = auc(-gate[..., place][some], spoilt[some] > 0)
        now = bursts[..., place]
        some = present.any(-1) & np.isin(kinds, [0, KINDS.index(kind)])[:, None] & (now | (spoilt == 0))
        row[f"auc now {kind}"] = auc(-(gate * present)[..., place][some], now[some])
    for name in ("auc", "auc now"):
        row[name] = float(np.nanmean([row[f"{name} {kind}"] for kind in TROUBLES]))
    secs = []
    for kind, place in DEAD.items():
        of_kind = [left_after(gate[at, :, place], bursts[at, :, place], present[at]) for at in np.flatnonzero(kinds == KINDS.index(kind))]
        of_kind = [one for one in of_kind if one is not None]
        row[f"left {kind}, s"] = float(np.median(of_kind)) if of_kind else float("nan")
        secs += of_kind
    row["left within 1 s"] = float(np.mean([one <= 1.0 + 1e-6 for one in secs])) if secs else float("nan")
    several = present.sum(-1) > 1
    highest = np.where(present, gate, -1).argmax(-1)
    lowest = np.where(present, gate, 2).argmin(-1)
    of = lambda which: np.take_along_axis(apart, which[..., None], -1)[..., 0][several]
    row["highest matters more"] = float((of(highest) > of(lowest)).mean())
    return row


def left_after(gate, burst, present):
    """Seconds from the beginning of the first burst until the gate is down to LEFT of what it was before; none if there was
    nothing before or the trouble is too short to tell."""
    starts = np.flatnonzero(burst[1:] & ~burst[:-1]) + 1
    there = np.flatnonzero(present.any(-1))
    if not len(starts) or not len(there):
        return None
    at, end = starts[0], there[-1] + 1
    before = gate[max(at - 5, 0):at]
    if at < 5 or before.mean() < 0.1 or end - at < 10:
        return None
    left = np.flatnonzero(gate[at:end] <= LEFT * before.mean())
    return float(left[0] * TICK_SECS) if len(left) else float("inf")


def auc(score, positive):
    return float(roc_auc_score(positive, score)) if FEWEST <= positive.sum() < len(score) else float("nan")


def doubt(folds):
    """Of clean ticks and clips: calibration errors, error of the surest 80 % over that of all, what is shown at a threshold
    that other speakers chose."""
    row, ticks, clips = {}, [], []
    for _, part in folds:
        some = part["kinds"] == 0
        seen = np.isfinite(part["sure"][some])
        ticks.append((part["sure"][some][seen], part["right"][some][seen]))
        scores = part["clips"][some]
        known = np.isfinite(scores[:, 0])
        p = np.exp(scores[known] - np.log(np.exp(scores[known]).sum(-1, keepdims=True)))
        clips.append((p.max(-1), p.argmax(-1) == part["labels"][some][known]))
    for name, of in (("ticks", ticks), ("clips", clips)):
        sure, right = (np.concatenate([one[at] for one in of]) for at in (0, 1))
        row[f"ece of {name}"] = calibration_error(sure, right)
        surest = np.argsort(-sure, kind="stable")[:int(0.8 * len(sure))]
        row[f"error of {name}"] = float(1 - right.mean())
        row[f"error of {name}, surest 80 %, over all"] = float((1 - right[surest].mean()) / max(1 - right.mean(), 1e-9))
        shown = [sure >= threshold([other for other in of if other is not one]) for one in of for sure in one[:1]]
        shown_right = np.concatenate([one[1][seen] for one, seen in zip(of, shown)])
        row[f"shown of {name}"] = float(len(shown_right) / len(right))
        row[f"right of shown {name}"] = float(shown_right.mean()) if len(shown_right) else float("nan")
        row[f"threshold of {name}"] = threshold(of)
    return row


def several(folds):
    """Several labels at once, with thresholds and doubts of the other speakers."""
    rows = []
    for at in range(len(folds)):
        others = [part for place, (_, part) in enumerate(folds) if place != at]
        rows.append(fusion_several.figures(fusion_several.fit(others), [folds[at][1]]))
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def doubt_of(parts, fusion):
    """What a network is to know of how sure it may be, from the folds: temperature; the least probability of a label that is
    shown, how many of those are right and how many are shown, on speakers who didn't choose it; of several labels, thresholds
    and weights of the doubt."""
    seeds = sorted({key[0] for key in parts[0][1]})
    of = lambda seed, way, mask: [(speaker, part[seed, way, fusion, mask]) for speaker, part in parts]
    rows = [doubt(of(seed, "afresh", "all")) for seed in seeds]
    found = {"temperature": float(np.exp(np.mean([np.log(part[seed, "afresh", fusion, "all"]["temperature"]) for _, part in parts for seed in seeds]))),
             "clear": [float(np.mean([row[name] for row in rows])) for name in ("threshold of ticks", "right of shown ticks", "shown of ticks")]}
    if "several" in of(seeds[0], "carried", "paired: all")[0][1]:
        thresholds, weights = fusion_several.fit([part for seed in seeds for _, part in of(seed, "carried", "paired: all")])
        found |= {"thresholds": thresholds, "threshold_logits": fusion_several.logit(thresholds), "weights": weights}
    return found


def threshold(of):
    """The least probability from which on TARGET of the answers are right."""
    sure, right = (np.concatenate([one[at] for one in of]) for at in (0, 1))
    order = np.argsort(-sure, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(share >= TARGET)
    return float(sure[order[good[-1]]]) if len(good) else 1.0
