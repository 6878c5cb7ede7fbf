"""Measures the whole program: `python models/training/evaluate_java_sed.py --data DIR [--program PATH]`.

For each speaker of the 192 audio-visual clips of Java-SED, heads of face and voice are trained without the speaker (and
on RAVDESS and FER+), put into a folder of models, and the program analyses the speaker's clips with them and the late fusion: each by
itself, carried through the speaker's clips in random orders, and carried through them sorted by emotion. The labels are
those of the program's summaries. Prints UAR in %, and writes models/training/reports/java_sed.json.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from tqdm import tqdm

import corpora
import face
import voice
from heads import LABELS, ROOT, export, report
from listing import enter_head

WAYS = ["face", "voice", "words", "fused"]
# The networks that turn speech to text begin so.
SPEECH = "whisper"


def models_without(speaker, folder, faces, stills, sets, seed):
    """A folder of models whose heads never met the speaker."""
    folder.mkdir(parents=True)
    (folder / "manifest.toml").write_text((ROOT / "models/manifest.toml").read_text())
    for path in (ROOT / "models").iterdir():
        if path.name == "fetched" or (path.suffix == ".onnx" and path.name not in ("face_head.onnx", "voice_head.onnx")):
            (folder / path.name).symlink_to(path)
    for name, head, width in (
        ("face_head", face.fit(faces, stills, {speaker}, seed), corpora.FACE_FEATURES),
        ("voice_head", voice.fit(sets, {speaker}, seed), corpora.VOICE_FEATURES),
    ):
        export(head, folder / f"{name}.onnx", f"without speaker {speaker}")
        enter_head(name, folder / f"{name}.onnx", "for measuring", "measuring", width, manifest=folder / "manifest.toml")


def without(manifest, *models):
    """Takes the tables whose names begin so out of a manifest: what needs them is off."""
    tables = manifest.read_text().split("\n\n")
    begins = tuple(f"[{model}" for model in models)
    manifest.write_text("\n\n".join(table for table in tables if not table.startswith(begins)))


def analyse(program, models, files, out, carried):
    command = [program, "analyze", *files, "--out", out, "--models", models, "--force"]
    done = subprocess.run(command + ["--same-person"] * carried, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return {file.stem: json.loads((out / f"{file.stem}.summary.json").read_text()) for file in files}


def table(summaries):
    """UAR of each way in %, what has no answer being wrong; coverage, speed."""
    labels = {stem: corpora.JAVA_LABELS[stem.split("_")[0].split("-")[2]] for stem in summaries}
    found = {}
    for way in WAYS:
        recalls = []
        for label in sorted(set(labels.values())):
            theirs = [summaries[stem][way] for stem in summaries if labels[stem] == label]
            recalls.append(np.mean([one is not None and max(LABELS, key=lambda l: one["probabilities"][l]) == label for one in theirs]))
        found[way] = 100 * float(np.mean(recalls))
        found[f"{way} coverage"] = 100 * float(np.mean([one["coverage"][way] for one in summaries.values()]))
    found["realtime factor"] = float(np.mean([one["realtime_factor"] for one in summaries.values()]))
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--cache", type=Path, default=Path(__file__).parent / "cache")
    arguments.add_argument("--program", type=Path, default=ROOT / "target/release/circumplex")
    arguments.add_argument("--orders", type=int, default=3, help="random orders to carry the speaker through")
    arguments.add_argument("--no-words", action="store_true", help="leave the speech recogniser out: quicker")
    given = arguments.parse_args()
    program = given.program.resolve()
    faces = corpora.java_video(given.data, given.cache, "face")
    stills = corpora.Stills(given.data, given.cache)
    sets = [corpora.ravdess_voice(given.data, given.cache), corpora.java_voice(given.data, given.cache)]
    files = {}
    for file in sorted((given.data.resolve() / "java-sed/video").glob("*.mp4")):
        files.setdefault(corpora.java_fields(file)[1], []).append(file)
    runs = {"afresh": {}} | {f"carried, order {seed}": {} for seed in range(given.orders)} | {"carried, by emotion": {}}
    with tempfile.TemporaryDirectory() as place:
        bar = tqdm(total=len(files) * len(runs), desc="speakers × orders")
        folders = {}
        for speaker in files:
            folders[speaker] = Path(place) / str(speaker)
            models_without(speaker, folders[speaker], faces, stills, sets, 0)
            # The fusion networks have met the speakers: the late fusion answers.
            without(folders[speaker] / "manifest.toml", "fusion_", *[SPEECH] * given.no_words)
        for name, summaries in runs.items():
            for speaker, theirs in files.items():
                if name.startswith("carried, order"):
                    order = np.random.default_rng(1000 * int(name[-1]) + speaker).permutation(len(theirs))
                    theirs = [theirs[at] for at in order]
                elif name == "carried, by emotion":
                    theirs = sorted(theirs, key=lambda file: file.stem.split("-")[2])
                summaries |= analyse(program, folders[speaker], theirs, Path(place) / "out", name != "afresh")
                bar.update()
            print(name, {key: round(value, 1) for key, value in table(summaries).items()}, flush=True)
        bar.close()
    found = {name: {key: round(value, 2) for key, value in table(summaries).items()} for name, summaries in runs.items()}
    orders = [found[name] for name in found if name.startswith("carried, order")]
    if orders:
        found["carried, mean and sd of the orders"] = {
            way: [round(float(np.mean([one[way] for one in orders])), 2), round(float(np.std([one[way] for one in orders])), 2)]
            for way in WAYS}
        print("carried, mean and sd of the orders", found["carried, mean and sd of the orders"])
    report("java_sed", {"clips": sum(map(len, files.values())), "words": not given.no_words, "runs": found})


if __name__ == "__main__":
    main()
