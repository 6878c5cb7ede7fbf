"""Compares every converted network with its original runtime, and times it on one core.

    python3 -m venv SOMEWHERE
    SOMEWHERE/bin/pip install -r models/convert/requirements-verify.txt
    SOMEWHERE/bin/python models/convert/verify.py [--packages DIR]

Needs the network (or DIR with the packages) for the originals.
"""

import argparse
import collections
import os
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert.interpreter import Interpreter
from safetensors.numpy import load
from tokenizers import Tokenizer

import setup

FETCHED = setup.MODELS / "fetched"
SENTENCES = [
    "I can't believe it, we won!",
    "leave me alone",
    "It's fine. I suppose it could have been worse, but I really hoped that you would come.",
    "there is something moving behind that door and i don't want to look",
    "The train leaves at ten past four.",
    "yes",
    "Thank you so much, that was the kindest thing anyone has done for me in a long time.",
    "ugh that is disgusting who left this in the fridge",
]


def session(path, optimised=None):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if optimised:
        options.optimized_model_filepath = str(optimised)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def milliseconds(network, feed, runs=100):
    """The median of CPU time: others on the machine make it no longer."""
    taken = []
    for _ in range(runs):
        start = time.process_time()
        network.run(None, feed)
        taken.append(time.process_time() - start)
    return 1e3 * float(np.median(taken[runs // 10 :]))


def reorders(path, work):
    session(path, work / "optimised.onnx")
    kinds = collections.Counter(node.op_type for node in onnx.load(work / "optimised.onnx").graph.node)
    return kinds["ReorderInput"] + kinds["ReorderOutput"]


def largest(found, expected):
    return max(float(np.abs(a.ravel() - b.ravel()).max()) for a, b in zip(found, expected))


def tell(name, what, network, feed, work):
    path = FETCHED / f"{name}.onnx"
    print(f"| {name} | {what} | {milliseconds(network, feed):.2f} ms | {reorders(path, work)} |", flush=True)


def face_networks(task, work):
    ranges = {
        "face_detector": ("face_detector.tflite", -1, 1, ("boxes", "scores")),
        "face_landmarks": ("face_landmarks_detector.tflite", 0, 1, ("landmarks", "presence")),
        "face_blendshapes": ("face_blendshapes.tflite", 0, 256, ("blendshapes",)),
    }
    chance = np.random.default_rng(1)
    for name, (member, low, high, outputs) in ranges.items():
        with zipfile.ZipFile(task) as archive:
            original = Interpreter(model_content=archive.read(member), num_threads=1)
        original.allocate_tensors()
        network = session(FETCHED / f"{name}.onnx")
        [source] = network.get_inputs()
        worst = np.zeros(len(outputs))
        for _ in range(10):
            feed = chance.uniform(low, high, source.shape).astype(np.float32)
            original.set_tensor(original.get_input_details()[0]["index"], feed)
            original.invoke()
            expected = [original.get_tensor(output["index"]) for output in original.get_output_details()]
            found = network.run(None, {source.name: feed})
            worst = np.maximum(worst, [largest([a], [b]) for a, b in zip(found, expected)])
        what = ", ".join(f"{output} {value:.1e}" for output, value in zip(outputs, worst))
        tell(name, what, network, {source.name: feed}, work)


def sentence_reference(weights, ids):
    """The sentence encoder in 32-bit floats: means over words of the embedding and of every layer."""

    def linear(value, name):
        return value @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def normalised(value, name):
        value = value - value.mean(-1, keepdims=True)
        value = value / np.sqrt((value**2).mean(-1, keepdims=True) + 1e-12)
        return value * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def gelu(value):
        from math import erf

        return 0.5 * value * (1 + np.vectorize(erf)(value / np.sqrt(2)).astype(np.float32))

    table = "embeddings.{}_embeddings.weight"
    value = weights[table.format("word")][ids] + weights[table.format("position")][: len(ids)]
    value = normalised(value + weights[table.format("token_type")][0], "embeddings.LayerNorm")
    means = [value.mean(0)]
    for index in range(6):
        name = f"encoder.layer.{index}"
        parts = [linear(value, f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
        query, key, content = (part.reshape(-1, 12, 32).transpose(1, 0, 2) for part in parts)
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(np.float32(32))
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True) @ content).transpose(1, 0, 2).reshape(-1, 384)
        attended = linear(mixed, f"{name}.attention.output.dense")
        value = normalised(value + attended, f"{name}.attention.output.LayerNorm")
        outer = linear(gelu(linear(value, f"{name}.intermediate.dense")), f"{name}.output.dense")
        value = normalised(value + outer, f"{name}.output.LayerNorm")
        means.append(value.mean(0))
    return np.stack(means)


def cosines(a, b):
    return (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)


def sentences(weights, work):
    tokenizer = Tokenizer.from_file(str(FETCHED / "sentence_tokenizer.json"))
    tokenizer.no_padding()
    network = session(FETCHED / "sentence_encoder.onnx")
    worst = np.ones(7)
    for sentence in SENTENCES:
        ids = np.array(tokenizer.encode(sentence).ids, np.int64)
        feed = {"input_ids": ids[None], "attention_mask": np.ones((1, len(ids)), np.int64)}
        worst = np.minimum(worst, cosines(network.run(None, feed)[0][0], sentence_reference(weights, ids)))
    padded = {name: np.pad(value, ((0, 0), (0, 9))) for name, value in feed.items()}
    same = cosines(network.run(None, padded)[0][0], network.run(None, feed)[0][0]).min()
    length = {"input_ids": np.full((1, 20), 2000), "attention_mask": np.ones((1, 20), np.int64)}
    what = f"smallest cosine: layers 0–5 {worst[:6].min():.4f}, layer 6 {worst[6]:.4f}; padded or not {same:.4f}"
    tell("sentence_encoder", what, network, length, work)
    if worst[6] < 0.99:
        sys.exit("the sentence encoder's last layer is further from its original than .99")


def sound(work):
    chance = np.random.default_rng(4)
    silero = session(FETCHED / "silero_vad.onnx")
    feed = {
        "input": chance.normal(0, 0.1, (1, 576)).astype(np.float32),
        "state": np.zeros((2, 1, 128), np.float32),
        "sr": np.array(16000),
    }
    print(f"| silero_vad | as fetched | {milliseconds(silero, feed):.2f} ms per 32 ms | |")
    moonshine = session(FETCHED / "moonshine_encoder.ort")
    for seconds in (1, 3):
        wave = chance.normal(0, 0.1, (1, 16000 * seconds)).astype(np.float32)
        feed = {"input_values": wave, "attention_mask": np.ones(wave.shape, np.int64)}
        taken = milliseconds(moonshine, feed, 30)
        frames = moonshine.run(None, feed)[0].shape[1]
        print(f"| moonshine_encoder | as fetched, {frames} frames | {taken:.1f} ms per {seconds} s | |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=Path)
    given = parser.parse_args()
    manifest = setup.read_manifest(setup.MODELS / "manifest.toml")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        fetcher = setup.Fetcher(work, given.packages, setup.Progress(0))

        def original(name):
            source = manifest[name]["sources"][0]
            package = fetcher.get(source, native_only=False)
            path = source["path"]
            target = work / os.path.basename(path)
            setup.extract(package, path, target)
            return target

        print("| network | largest difference from the original | one core | reorders |\n|---|---|---|---|")
        face_networks(original("face_detector"), work)
        sentences(load(original("sentence_encoder").read_bytes()), work)
        sound(work)


if __name__ == "__main__":
    main()
