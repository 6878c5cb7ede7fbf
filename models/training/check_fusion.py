"""Checks that the program, which steps from tick to tick, answers as the networks do for whole recordings at once:
`python models/training/check_fusion.py --data DIR [--program PATH]`, after fusion.py has trained them.

The program writes what fusion is given on ten recordings of Java-SED and what it answers, once with each network; the same
rows go through the network in one batch. Prints the furthest that probabilities, gates, valence and arousal are apart;
more than 1e-4 is an error. So is a network in models/ that isn't the one that was trained last. The late fusion that the
others are compared with is checked, too (probabilities and gates). Last it prints how far answers differ when a network is
asked half or a quarter as often: it is trained on a tick in 200 ms, measured at one in 100 ms, and runs at 40 and 50 ms.
"""

import argparse
import hashlib
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
from fusion_data import AGE, KNOWN, LEAST_PROBABILITY, MODALITIES, FUNCTIONALS, MOVEMENT, MOVING, PRESENT, QUALITY, READABLE, READING, RELIABILITY, WIDTH
from corpora import MOVING as WIDE
from heads import PRIOR_SECS, ROOT

RECORDINGS = 10
TICK_SECS = 0.05
FURTHEST = 1e-4
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


def late_answers(rows, apart):
    """The same of the late fusion, but for valence and arousal, which are taken from what it is compared with."""
    logs, weight = fusion.late(rows.astype(np.float64))
    found = np.concatenate([np.exp(logs), apart[:, 7:11], weight / np.maximum(weight.sum(-1, keepdims=True), 1e-12)], -1)
    found[~np.isfinite(logs[:, 0])] = np.nan
    return found


def answers(name, weights, temperature, rows, readable, affect, sd, tick_secs=TICK_SECS):
    """As the program's table of fused answers [T, 14]: probabilities, valence, arousal, deviations, gates."""
    if name == "concatenation":
        out = fusion.forward(None, weights, jnp.asarray(rows)[None], jnp.asarray(readable)[None], True)
        weight = gate = np.asarray(out["gate"][0])
    else:
        out = fusion_net.run(fusion.SHAPES[name], weights, jnp.asarray(rows)[None], jnp.asarray(readable)[None], tick_secs)
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
    for name, sha256 in trained.pop("files").items():
        if hashlib.sha256((ROOT / f"models/fusion_{name}.onnx").read_bytes()).hexdigest() != sha256:
            sys.exit(f"models/fusion_{name}.onnx isn't what fusion.py trained last; run it again")
    trained["late"] = None, 1.0
    files = sorted((given_.data.resolve() / "java-sed/video").glob("*.mp4"))[::19][:RECORDINGS]
    worst = 0.0
    with tempfile.TemporaryDirectory() as place:
        for name, (weights, temperature) in trained.items():
            settings, out = Path(place) / f"{name}.toml", Path(place) / name
            settings.write_text(f'[stages.fusion]\nkind = "{name}"\n')
            subprocess.run([given_.program.resolve(), "--settings", settings, "features", *files, "--out", out], check=True, cwd=ROOT,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            furthest, ticks, sparser = 0.0, 0, {2: [], 4: []}
            for file in files:
                npz = np.load(out / f"{file.stem}.npz")
                rows, readable, affect, sd = given(npz)
                theirs = npz["fused"]
                ours = late_answers(rows, theirs) if weights is None else answers(name, weights, temperature, rows, readable, affect, sd)
                seen = np.isfinite(theirs[:, 0])
                if (seen != np.isfinite(ours[:, 0])).any():
                    sys.exit(f"{name}: {file.name}: one answers where the other doesn't")
                furthest, ticks = max(furthest, float(np.abs(ours[seen] - theirs[seen]).max())), ticks + int(seen.sum())
                for every, apart in sparser.items() if name in ("gated", "ungated") else ():
                    some = answers(name, weights, temperature, rows[::every], readable[::every], affect[::every], sd[::every], every * TICK_SECS)
                    apart.append(np.abs(some[:, :7] - ours[::every, :7]).max(-1))
            print(f"{name}: {len(files)} recordings, {ticks} answers, furthest apart {furthest:.1e}", flush=True)
            for every, apart in sparser.items():
                if apart:
                    apart = np.concatenate(apart)
                    apart = apart[np.isfinite(apart)]
                    print(f"{name}, asked every {1000 * every * TICK_SECS:.0f} ms: the probability that differs most does so by {apart.mean():.4f} "
                          f"on average, by {np.percentile(apart, 99):.4f} in 1 of 100 answers", flush=True)
            worst = max(worst, furthest)
    if worst > FURTHEST:
        sys.exit("the program doesn't answer as the networks do")


if __name__ == "__main__":
    main()
