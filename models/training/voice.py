"""Trains the head of the voice: `python models/training/voice.py --data DIR [--evaluate]`.

DIR holds `ravdess/speech` and `java-sed/audio`. Features are computed by the program (examples/training_features.rs)
and kept in models/training/cache. Writes models/voice_head.onnx and its table in models/manifest.toml. With `--evaluate`
it only measures, and writes models/training/reports/voice.json; an evaluation that was stopped goes on where it was.
"""

import argparse
from pathlib import Path

import corpora
from heads import ROOT, check_export, cross_validate, export, figures, report, show
from keep import kept
from listing import enter_head
from voice_head import VoiceHead

SEEDS = [0, 1, 2]
LICENCE = "CC-BY-NC-SA-4.0"
OPEN_LICENCE = "MIT"
FILES = ("voice.py", "voice_head.py", "heads.py", "corpora.py")


def fit(sets, left_out, seed):
    """A head from these sets of clips without some speakers: an expert for each, trained on all."""
    sets = [[clip for clip in clips if clip.speaker not in left_out] for clips in sets]
    return VoiceHead([clips for clips in sets if clips], seed)


def evaluate(ravdess, java, cache):
    folds = [{speaker} for speaker in sorted({clip.speaker for clip in java})]
    both = [ravdess, java]
    everyone = lambda clips: [{clip.speaker for clip in clips}]
    found = {}
    for name, clips, parts, sets in (
        ("RAVDESS, published folds, 7 labels", ravdess, corpora.RAVDESS_FOLDS, both),
        ("RAVDESS, published folds, trained on RAVDESS only", ravdess, corpora.RAVDESS_FOLDS, [ravdess]),
        ("Java-SED, leave one speaker out, trained on Java-SED only", java, folds, [java]),
        ("Java-SED, leave one speaker out, all takes", java, folds, both),
        ("Java-SED, trained on RAVDESS only", java, everyone(java), [ravdess]),
        ("RAVDESS, trained on Java-SED only", ravdess, everyone(ravdess), [java]),
    ):
        read = lambda seed: cross_validate(clips, parts, [seed], lambda fold, seed: fit(sets, fold, seed), name)
        every = [one for seed in SEEDS for one in kept(cache / "evaluated", f"{name} {seed}", FILES, lambda: read(seed))]
        found[name] = figures(clips, every)
        show(name, found[name])
        report("voice", {"seeds": SEEDS, "sets": found})
    return found


def write(head, name, licence, limits, clips, instead_of=None):
    path = ROOT / f"models/{name}.onnx"
    export(head, path, f"Voice to labels, valence and arousal. Acted speech; {limits}")
    check_export(head, path, clips)
    enter_head(name, path, licence, "reads labels, valence and arousal from a voice's description", corpora.VOICE_FEATURES, instead_of)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--cache", type=Path, default=Path(__file__).parent / "cache")
    arguments.add_argument("--evaluate", action="store_true", help="measure only: nothing is written but the report")
    given = arguments.parse_args()
    ravdess = corpora.ravdess_voice(given.data, given.cache)
    java = corpora.java_voice(given.data, given.cache)
    if given.evaluate:
        evaluate(ravdess, java, given.cache)
        return
    head = fit([ravdess, java], set(), 0)
    write(head, "voice_head", LICENCE, "not for commercial use. See CARD-voice.md", ravdess[::40] + java[::40])
    # The open variant's: of Java-SED's sound alone.
    write(fit([java], set(), 0), "voice_head_open", OPEN_LICENCE, "one language. See CARD-open.md", java[::40], instead_of="voice_head")
    print(f"trained on {len(ravdess) + len(java)} clips")
    for name, (_, scale), shrinkage in zip(("RAVDESS", "Java-SED"), head.experts, head.shrinkages):
        print(f"expert for {name}: shrinkage {shrinkage}, logarithm of the scale {scale.round(2).tolist()}")


if __name__ == "__main__":
    main()
