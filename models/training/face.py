"""Trains the head of the face: `python models/training/face.py --data DIR [--evaluate]`.

DIR holds `java-sed/video` and `ferplus`. Features are computed by the program (examples/training_features.rs) and kept
in models/training/cache. Writes models/face_head.onnx and its table in models/manifest.toml. With `--evaluate` it only
measures, and writes models/training/reports/face.json.
"""

import argparse
from pathlib import Path

import numpy as np

import corpora
from heads import ROOT, Acquainted, Head, check_export, cross_validate, export, figures, report, show, train
from listing import enter_head

SEEDS = [0, 1, 2]
# Of somebody unknown all features count; of somebody known, movements.
UNKNOWN = {"shrinkage": 0.7, "still_weight": 0.2}
KNOWN = {"shrinkage": 0.9, "still_weight": 0.2, "kept": 3 * corpora.MOVING}
# Parts of the training speakers, each left out in turn to calibrate.
INNER_FOLDS = 7
LICENCE = "research only: one training set has no licence"


def fit(clips, stills, left_out, seed):
    """A head from these clips without some speakers, and from the stills."""
    clips = [clip for clip in clips if clip.speaker not in left_out]
    make = lambda settings: train(clips, seed, lambda: Head(stills=stills, **settings), INNER_FOLDS)
    return Acquainted(make(UNKNOWN), make(KNOWN))


def unknown(head):
    return lambda x: head.logits(x, np.zeros_like(x), np.zeros(len(x)))


def evaluate(clips, stills, head):
    folds = [{speaker} for speaker in sorted({clip.speaker for clip in clips})]
    name = "Java-SED, leave one speaker out"
    every = cross_validate(clips, folds, SEEDS, lambda fold, seed: fit(clips, stills, fold, seed), name)
    found = {name: figures(clips, every)}
    show(name, found[name])
    report("face", {"seeds": SEEDS, "sets": found, "ferplus_valid": stills.accuracy(unknown(head))})


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--cache", type=Path, default=Path(__file__).parent / "cache")
    arguments.add_argument("--evaluate", action="store_true", help="measure only: nothing is written but the report")
    given = arguments.parse_args()
    clips = corpora.java_video(given.data, given.cache, "face")
    stills = corpora.Stills(given.data, given.cache)
    head = fit(clips, stills, set(), 0)
    if given.evaluate:
        evaluate(clips, stills, head)
        return
    path = ROOT / "models/face_head.onnx"
    export(head, path, "Face to labels, valence and arousal. Acted expressions and web pictures. See CARD-face.md")
    check_export(head, path, clips[::10])
    enter_head("face_head", path, LICENCE, "reads labels, valence and arousal from a face's movements", corpora.FACE_FEATURES)
    print(f"trained on {len(clips)} clips and FER+, temperatures", [round(one.temperature, 2) for one in head.heads])
    print("FER+ valid, nothing known of the person:", stills.accuracy(unknown(head)))


if __name__ == "__main__":
    main()
