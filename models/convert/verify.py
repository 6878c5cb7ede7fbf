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

import setup

FETCHED = setup.MODELS / "fetched"


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


def sound(moonshine):
    chance = np.random.default_rng(4)
    silero = session(FETCHED / "silero_vad.onnx")
    feed = {
        "input": chance.normal(0, 0.1, (1, 576)).astype(np.float32),
        "state": np.zeros((2, 1, 128), np.float32),
        "sr": np.array(16000),
    }
    print(f"| silero_vad | as fetched | {milliseconds(silero, feed):.2f} ms per 32 ms | |")
    network, before = session(FETCHED / "moonshine_layers.ort"), session(moonshine)
    for seconds in (1, 3):
        wave = chance.normal(0, 0.1, (1, 16000 * seconds)).astype(np.float32)
        feed = {"input_values": wave, "attention_mask": np.ones(wave.shape, np.int64)}
        taken = milliseconds(network, feed, 30)
        found, expected = network.run(None, feed), before.run(None, feed)
        what = f"{found[0].shape[1]} frames, last layer {largest(found[:1], expected):.1e}"
        print(f"| moonshine_encoder | {what} | {taken:.1f} ms per {seconds} s | |", flush=True)


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
        sound(original("moonshine_encoder"))


if __name__ == "__main__":
    main()
