"""Checks that the program, which steps from tick to tick, answers as the networks do for whole recordings at once:
`python models/training/check_fusion.py --data DIR [--program PATH]`, after fusion.py has trained them.

The program writes what fusion is given on ten recordings of Java-SED and what it answers, once with each network; the same
rows go through the network in one batch. Prints the furthest that probabilities, gates, valence and arousal are apart;
more than 1e-4 is an error.
"""

import argparse
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import fusion
import fusion_net
from fusion_data import AGE, KNOWN, MODALITIES, FUNCTIONALS, MOVEMENT, MOVING, PRESENT, QUALITY, READABLE, READING, RELIABILITY, WIDTH
from corpora import MOVING as WIDE
from heads import PRIOR_SECS, ROOT

RECORDINGS = 10
TICK_SECS = 0.05
FURTHEST = 1e-4
LEAST_PROBABILITY = 1e-6
MIN_SD = 0.05


def given(npz):
    """rows [T, 3, WIDTH], readable [T, READABLE], valence and arousal [T, 3, 2] and their deviations [T, 3, 2]."""
    time = npz["time_s"]
    rows, readable = np.zeros((len(time), 3, WIDTH), np.float32), np.zeros((len(time), READABLE), np.float32)
    affect, sd = np.zeros((len(time), 3, 2)), np.ones((len(time), 3, 2))
    for place, modality in enumerate(MODALITIES):
        index = npz[f"{modality}_index"]
        there = index >= 0
        at = index[there]
        reading, known = npz[f"{modality}_reading"], npz[f"{modality}_known_s"]
        row = rows[:, place]
        row[there, PRESENT] = 1
        row[there, AGE] = time[there] - npz[f"{modality}_span_s"][at, 1]
        row[there, KNOWN] = known[at] / (PRIOR_SECS + known[at])
        row[there, QUALITY] = npz[f"{modality}_quality"][at]
        row[there, READING] = np.log(np.maximum(reading[at, :7], LEAST_PROBABILITY))
        reliability = npz[f"{modality}_reliability"]
        row[there, RELIABILITY.start:RELIABILITY.start + reliability.shape[1]] = reliability[at]
        affect[there, place], sd[there, place] = reading[at, 7:9], reading[at, 9:11]
        if modality == "face":
            readable[there, :MOVEMENT] = npz["face_embedding"][at][:, MOVING + [WIDE + one for one in MOVING]]
        if modality == "voice":
            readable[there, MOVEMENT:] = npz["voice_embedding"][at][:, -FUNCTIONALS:]
    return rows, readable, affect, sd


def answers(name, weights, temperature, rows, readable, affect, sd):
    """As the program's table of fused answers [T, 14]: probabilities, valence, arousal, deviations, gates."""
    if name == "concatenation":
        out = fusion.forward(None, weights, jnp.asarray(rows)[None], jnp.asarray(readable)[None], True)
        weight = gate = np.asarray(out["gate"][0])
    else:
        out = fusion_net.run(fusion.SHAPES[name], weights, jnp.asarray(rows)[None], jnp.asarray(readable)[None], TICK_SECS)
        weight, gate = (np.asarray(out[key][0], np.float64) for key in ("weight", "gate"))
    p = np.asarray(jax.nn.softmax(out["logits"][0] / temperature, -1))
    precision = weight[..., None] / sd ** 2
    total = np.maximum(precision.sum(1), 1e-12)
    mean = (precision * affect).sum(1) / total
    variance = 1 / total + (precision / total[:, None] * (affect - mean[:, None]) ** 2).sum(1)
    found = np.concatenate([p, mean, np.sqrt(variance).clip(MIN_SD, 1), gate / np.maximum(gate.sum(-1, keepdims=True), 1e-12)], -1)
    found[rows[..., PRESENT].sum(-1) == 0] = np.nan
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--cache", type=Path, default=Path(__file__).parent / "cache")
    arguments.add_argument("--program", type=Path, default=ROOT / "target/release/circumplex")
    given_ = arguments.parse_args()
    trained = pickle.loads((given_.cache / "fusion-trained.pickle").read_bytes())
    files = sorted((given_.data.resolve() / "java-sed/video").glob("*.mp4"))[::19][:RECORDINGS]
    worst = 0.0
    with tempfile.TemporaryDirectory() as place:
        for name, (weights, temperature) in trained.items():
            settings, out = Path(place) / f"{name}.toml", Path(place) / name
            settings.write_text(f'[stages.fusion]\nkind = "{name}"\n')
            subprocess.run([given_.program.resolve(), "--settings", settings, "features", *files, "--out", out], check=True, cwd=ROOT,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            furthest, ticks = 0.0, 0
            for file in files:
                npz = np.load(out / f"{file.stem}.npz")
                ours, theirs = answers(name, weights, temperature, *given(npz)), npz["fused"]
                seen = np.isfinite(theirs[:, 0])
                if (seen != np.isfinite(ours[:, 0])).any():
                    sys.exit(f"{name}: {file.name}: one answers where the other doesn't")
                furthest, ticks = max(furthest, float(np.abs(ours[seen] - theirs[seen]).max())), ticks + int(seen.sum())
            print(f"{name}: {len(files)} recordings, {ticks} answers, furthest apart {furthest:.1e}", flush=True)
            worst = max(worst, furthest)
    if worst > FURTHEST:
        sys.exit("the program doesn't answer as the networks do")


if __name__ == "__main__":
    main()
