"""Compares the program's voice descriptors with openSMILE's eGeMAPSv02, recording by recording.

Needs a virtual environment of its own; openSMILE's licence allows research, and nothing of it
goes into the program:

    python -m venv compare-venv
    compare-venv/bin/pip install -r models/training/requirements-compare.txt
    cargo build --release --example descriptors
    compare-venv/bin/python models/training/compare_opensmile.py --data DIR

DIR holds `ravdess/speech/*.flac` and `java-sed/audio/*.flac`, 16 kHz mono. Of each, half of
`--count` recordings are drawn with `--seed`. Frames are compared at equal indices: both begin
frame n at 10 n ms. What is of the voice is compared where
both hear a voice and have a value, which isn't 0 then.
"""

import argparse
import csv
import io
import random
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import opensmile
import soundfile

F0 = 10  # The column of the pitch; it and all after it are of the voice.
CORPORA = ("ravdess/speech", "java-sed/audio")


def ours(example, wav, *options):
    """Names and rows of the example's CSV."""
    text = subprocess.run([example, wav, *options], check=True, capture_output=True, text=True).stdout
    names, *rows = csv.reader(io.StringIO(text))
    return names, np.array(rows, dtype=float).reshape(len(rows), len(names))


def correlation(a, b):
    if len(a) < 3 or a.std() == 0 or b.std() == 0:
        return float("nan")
    return np.corrcoef(a, b)[0, 1]


def row(name, mine, theirs):
    away = np.abs(mine - theirs)
    relative = away[theirs != 0] / np.abs(theirs[theirs != 0])
    relative = np.median(relative) if len(relative) else float("nan")
    return (
        f"| {name:42} | {correlation(mine, theirs):6.3f} | {np.median(away):9.4f} |"
        f" {100 * relative:6.1f} % | {np.median(mine):9.3f} | {np.median(theirs):9.3f} | {len(mine):6} |"
    )


HEAD = (
    f"| {'':42} | {'r':>6} | {'off by':>9} | {'':>8} | {'ours':>9} | {'openSMILE':>9} | {'n':>6} |\n"
    f"|{'-' * 44}|{'-' * 8}|{'-' * 11}|{'-' * 10}|{'-' * 11}|{'-' * 11}|{'-' * 8}|"
)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--example", type=Path, default=Path("target/release/examples/descriptors"))
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    draw = random.Random(options.seed)
    recordings = []
    for corpus in CORPORA:
        found = sorted((options.data / corpus).glob("*.flac"))
        if not found:
            raise SystemExit(f"no recordings; expected FLAC files\nfolder: {options.data / corpus}")
        recordings += draw.sample(found, min(options.count // 2, len(found)))

    level = opensmile.FeatureLevel
    sets = opensmile.FeatureSet.eGeMAPSv02
    descriptors = opensmile.Smile(sets, level.LowLevelDescriptors)
    summaries = opensmile.Smile(sets, level.Functionals)

    frames, wholes = [], []
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "recording.wav"
        for recording in recordings:
            samples, rate = soundfile.read(recording, dtype="float32")
            if rate != 16000 or samples.ndim != 1:
                raise SystemExit(f"not 16 kHz mono\nfile: {recording}")
            soundfile.write(wav, samples, rate, subtype="PCM_16")
            names, mine = ours(options.example, wav)
            theirs = descriptors.process_signal(samples, rate).to_numpy()
            count = min(len(mine), len(theirs))
            frames.append((mine[:count, 1:], theirs[:count]))
            summary_names, mine = ours(options.example, wav, "--functionals")
            wholes.append((mine[0], summaries.process_signal(samples, rate).to_numpy()[0]))

    mine, theirs = (np.concatenate(side) for side in zip(*frames))
    assert [name.lower() for name in names[1:]] == [name.lower() for name in descriptors.feature_names]
    assert summary_names == list(summaries.feature_names)
    voiced = (mine[:, F0] > 0, theirs[:, F0] > 0)
    both = voiced[0] & voiced[1]
    hz = [27.5 * 2 ** (side[both, F0] / 12) for side in (mine, theirs)]
    off = np.abs(hz[0] / hz[1] - 1)

    print(f"{len(recordings)} recordings, seed {options.seed}, openSMILE {opensmile.__version__}\n")
    print(f"voicing agrees on        {100 * np.mean(voiced[0] == voiced[1]):.1f} % of {len(mine)} frames")
    print(f"voiced, ours / openSMILE {100 * voiced[0].mean():.1f} % / {100 * voiced[1].mean():.1f} %")
    print(f"F0 off by, median        {100 * np.median(off):.2f} %")
    print(f"F0 off by over 20 %      {100 * np.mean(off > 0.2):.2f} % of {both.sum()} frames voiced in both\n")
    print("Frame by frame\n")
    print(HEAD)
    for i, name in enumerate(names[1:]):
        where = both & (mine[:, i] != 0) & (theirs[:, i] != 0) if i >= F0 else np.full(len(mine), True)
        print(row(name, mine[where, i], theirs[where, i]))
    print("\nWhole recordings\n")
    print(HEAD)
    mine, theirs = (np.array(side) for side in zip(*wholes))
    for i, name in enumerate(summary_names):
        print(row(name, mine[:, i], theirs[:, i]))


if __name__ == "__main__":
    main()
