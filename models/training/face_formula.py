"""The face of the open variant: `python models/training/face_formula.py [--data DIR]`.

A stated formula, learnt from no set. Writes models/face_head_open.onnx and its table in models/manifest.toml. With DIR,
which holds `java-sed/video` and `ferplus`, it only measures, and writes models/training/reports/face_formula.json.

Each action unit that MediaPipe's blendshapes come near to is the mean of its blendshapes over the face's window, less that
of the person, in units of its usual excursion, clipped:

    person = (PRIOR_SECS * resting + sums) / (PRIOR_SECS + secs)
    z = clip((unit - person) / excursion, -3, 3)
    logit_label = SHARPNESS * sum of the label's z / sqrt(how many),  logit_neutral = SHARPNESS * NEUTRAL

The action units of a label are the prototypes of P. Ekman, W. Friesen and J. Hager, Facial Action Coding System (2002),
Investigator's Guide, without those that no blendshape comes near to.
"""

import argparse
from pathlib import Path

import numpy as np

import corpora
from heads import LABELS, PRIOR_SECS, ROOT, Graph, check_export, cross_validate, figures, finish, report, show
from listing import enter_head

# Action unit: where its blendshapes are in a reading's features, at rest, usual excursion. Round numbers; the network's
# brows and cheeks hardly move, so their excursions are small.
UNITS = {
    "AU1": ([3], 0.2, 0.2),
    "AU2": ([4, 5], 0.25, 0.2),
    "AU4": ([1, 2], 0.02, 0.05),
    "AU5": ([21, 22], 0.02, 0.03),
    "AU6": ([7, 8], 0.0, 0.002),
    "AU7": ([19, 20], 0.3, 0.15),
    "AU9": ([50, 51], 0.0, 0.002),
    "AU10": ([48, 49], 0.02, 0.05),
    "AU12": ([44, 45], 0.02, 0.2),
    "AU15": ([30, 31], 0.0, 0.01),
    "AU20": ([46, 47], 0.0, 0.02),
    "AU24": ([36, 37], 0.02, 0.03),
    "AU26": ([25], 0.3, 0.2),
}
PROTOTYPES = {
    "happiness": ["AU6", "AU12"],
    "sadness": ["AU1", "AU4", "AU15"],
    "anger": ["AU4", "AU5", "AU7", "AU24"],
    "fear": ["AU1", "AU2", "AU4", "AU5", "AU7", "AU20", "AU26"],
    "disgust": ["AU9", "AU10", "AU15"],
    "surprise": ["AU1", "AU2", "AU5", "AU26"],
}
FURTHEST = 3.0
SHARPNESS = 0.5
NEUTRAL = 1.0
SEEDS = [0, 1, 2]
LICENCE = "the program's own: a stated formula"


class FaceFormula:
    """See above."""

    def __init__(self):
        self.units = np.zeros((corpora.FACE_FEATURES, len(UNITS)))
        for at, (places, _, _) in enumerate(UNITS.values()):
            self.units[places, at] = 1 / len(places)
        self.resting, self.excursion = np.array([[rest, excursion] for _, rest, excursion in UNITS.values()]).T
        self.weights, self.bias = np.zeros((len(UNITS), len(LABELS))), np.zeros(len(LABELS))
        for label, theirs in PROTOTYPES.items():
            self.weights[[list(UNITS).index(unit) for unit in theirs], LABELS.index(label)] = SHARPNESS / len(theirs) ** 0.5
        self.bias[LABELS.index("neutral")] = SHARPNESS * NEUTRAL

    def logits(self, x, sums, secs):
        person = (PRIOR_SECS * self.resting + sums @ self.units) / (PRIOR_SECS + secs)[:, None]
        z = np.clip((x @ self.units - person) / self.excursion, -FURTHEST, FURTHEST)
        return z @ self.weights + self.bias

    def write(self, path, doc):
        """As ONNX: features, sums, seconds → logits, affect, affect_sd."""
        graph = Graph({"prior": [[PRIOR_SECS]], "low": -FURTHEST, "high": FURTHEST, "units": self.units,
                       "prior_sums": PRIOR_SECS * self.resting[None], "scale": 1 / self.excursion[None],
                       "weights": self.weights, "bias": self.bias[None]})
        graph.add("MatMul", ["features", "units"], "unit")
        graph.linear("sums", "units", "prior_sums", "all")
        graph.add("Add", ["seconds", "prior"], "known")
        graph.add("Div", ["all", "known"], "person")
        graph.normal("unit", "person", "scale", "z")
        graph.linear("z", "weights", "bias", "logits")
        finish(graph, corpora.FACE_FEATURES, path, doc)


def evaluate(head, data, cache):
    clips, stills = corpora.java_video(data, cache, "face"), corpora.Stills(data, cache)
    everyone = [{clip.speaker for clip in clips}]
    found = figures(clips, cross_validate(clips, everyone, SEEDS, lambda _, seed: head, "Java-SED"))
    show("Java-SED", found)
    of_stills = stills.accuracy(lambda x: head.logits(x, np.zeros_like(x), np.zeros(len(x))))
    print("FER+ valid, nothing known of the person:", of_stills)
    report("face_formula", {"seeds": SEEDS, "sets": {"Java-SED": found}, "ferplus_valid": of_stills})
    check_export(head, ROOT / "models/face_head_open.onnx", clips[::10])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--data", type=Path)
    arguments.add_argument("--cache", type=Path, default=Path(__file__).parent / "cache")
    given = arguments.parse_args()
    head = FaceFormula()
    if given.data:
        evaluate(head, given.data, given.cache)
        return
    path = ROOT / "models/face_head_open.onnx"
    head.write(path, "Face to labels, valence and arousal by a stated formula. See CARD-open.md")
    enter_head("face_head_open", path, LICENCE, "reads labels, valence and arousal from a face's movements, by a formula",
               corpora.FACE_FEATURES, instead_of="face_head")


if __name__ == "__main__":
    main()
