"""Trains the head of the voice: `python models/training/voice.py --data DIR [--evaluate]`.

DIR holds `ravdess/speech` and `java-sed/audio`. Features are computed by the program (examples/training_features.rs)
and kept in models/training/cache. Writes models/voice_head.onnx, its table in models/manifest.toml and, with
`--evaluate`, models/training/reports/voice.json.
"""

import argparse
from pathlib import Path

import corpora
from heads import ROOT, Experts, Head, check_export, cross_validate, enter, export, figures, report, show, train

SEEDS = [0, 1, 2]
SHRINKAGE = 0.15
SHARPNESS = 1.0
THIN = 3
# Parts of the training speakers, each left out in turn to calibrate.
INNER_FOLDS = 3
# What the other corpus weighs in an expert.
OTHERS = 0.3
LICENCE = "CC-BY-NC-SA-4.0"


def fit(sets, left_out, seed):
    """A head from these sets of clips without some speakers: an expert for each, trained on all."""
    sets = [[clip for clip in clips if clip.speaker not in left_out] for clips in sets]
    sets = [clips for clips in sets if clips]
    make = lambda: Head(SHRINKAGE, SHARPNESS)
    weighed = lambda own: [(clips, 1.0 if clips is own else OTHERS) for clips in sets]
    heads = [train(weighed(own), seed, make, INNER_FOLDS, THIN, at) for at, own in enumerate(sets)]
    return Experts(heads, sets) if len(heads) > 1 else heads[0]


def evaluate(ravdess, java):
    folds = [{speaker} for speaker in sorted({clip.speaker for clip in java})]
    both = [ravdess, java]
    everyone = lambda clips: [{clip.speaker for clip in clips}]
    found = {}
    for name, clips, parts, sets in (
        ("RAVDESS, published folds, 7 labels", ravdess, corpora.RAVDESS_FOLDS, both),
        ("RAVDESS, published folds, trained on RAVDESS only", ravdess, corpora.RAVDESS_FOLDS, [ravdess]),
        ("Java-SED, leave one speaker out, all takes", java, folds, both),
        ("Java-SED, trained on RAVDESS only", java, everyone(java), [ravdess]),
        ("RAVDESS, trained on Java-SED only", ravdess, everyone(ravdess), [java]),
    ):
        every = cross_validate(clips, parts, SEEDS, lambda fold, seed: fit(sets, fold, seed), name)
        found[name] = figures(clips, every)
        show(name, found[name])
        report("voice", {"seeds": SEEDS, "sets": found})
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--cache", type=Path, default=Path(__file__).parent / "cache")
    arguments.add_argument("--evaluate", action="store_true", help="cross-validate as well")
    given = arguments.parse_args()
    ravdess = corpora.ravdess_voice(given.data, given.cache)
    java = corpora.java_voice(given.data, given.cache)
    head = fit([ravdess, java], set(), 0)
    path = ROOT / "models/voice_head.onnx"
    export(head, path, "Voice to labels, valence and arousal. Acted speech; not for commercial use. See CARD-voice.md")
    check_export(head, path, ravdess[::40] + java[::40])
    enter(ROOT / "models/manifest.toml", "voice_head", path, LICENCE, "reads labels, valence and arousal from a voice's description",
          corpora.VOICE_FEATURES)
    print(f"trained on {len(ravdess) + len(java)} clips")
    for name, one in zip(("RAVDESS", "Java-SED"), head.heads):
        print(f"expert for {name}: temperature {one.temperature:.2f}")
    if given.evaluate:
        evaluate(ravdess, java)


if __name__ == "__main__":
    main()
