"""Measures what the program understands: word errors on clear English, words in Javanese and in noise (there should be none).

    python models/training/measure_words.py --data DIR [--program PATH] [--parts english javanese noise]
"""

import argparse
import json
import re
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

SENTENCES = {"01": "kids are talking by the door", "02": "dogs are sitting by the door"}
ROOT = Path(__file__).resolve().parents[2]


def analyze(program, files, out):
    subprocess.run([program, "analyze", *files, "--out", out, "--force", "--models", ROOT / "models"], check=True)
    return {path.name.removesuffix(".summary.json"): json.loads(path.read_text()) for path in sorted(Path(out).glob("*.summary.json"))}


def words(text):
    return re.findall(r"[a-z']+", text.lower())


def errors(expected, heard):
    """The least number of words to change, leave out or put in."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(expected, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != other))
    return row[-1]


def english(program, data, folder):
    files = [file for emotion in ("01", "03") for file in sorted((data / "ravdess/speech").glob(f"03-01-{emotion}-01-*-01-*.flac"))]
    wrong = total = 0
    for stem, summary in analyze(program, files, folder).items():
        expected = words(SENTENCES[stem.split("-")[4]])
        heard = words(" ".join(one["text"] for one in summary["transcript"]))
        mistakes = errors(expected, heard)
        if mistakes:
            print(f"  {stem}: {mistakes}  {' '.join(heard) or '-'}")
        wrong, total = wrong + mistakes, total + len(expected)
    print(f"English: {len(files)} clips, {wrong} of {total} words wrong: {100 * wrong / total:.1f} % word error")


def javanese(program, data, folder):
    files = sorted((data / "java-sed/video").glob("*.mp4"))
    sounds = []
    for file in files:  # The sound alone: the picture says nothing of the words.
        sound = Path(folder) / f"{file.stem}.wav"
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", file, "-vn", "-ac", "1", sound], check=True)
        sounds.append(sound)
    summaries = analyze(program, sounds, Path(folder) / "out")
    read = [stem for stem, summary in summaries.items() if summary["words"] is not None]
    for stem in read:
        print(f"  {stem}: {[one['text'] for one in summaries[stem]['transcript']]}")
    print(f"Javanese: a words reading on {len(read)} of {len(files)} clips: {100 * len(read) / len(files):.1f} %")


def noise(program, _, folder):
    rng, rate, secs = np.random.default_rng(7), 16_000, 60
    t = np.arange(rate * secs) / rate
    pink = np.fft.irfft(np.fft.rfft(rng.normal(size=t.size)) / np.maximum(np.sqrt(np.arange(t.size // 2 + 1)), 1), t.size)
    babble = lambda f: np.sin(2 * np.pi * f * t) * (np.sin(2 * np.pi * 4 * t) > 0)
    sounds = {
        "white-loud": rng.normal(size=t.size) * 0.2, "white-soft": rng.normal(size=t.size) * 0.005,
        "pink": pink / np.abs(pink).max() * 0.5, "bursts": rng.normal(size=t.size) * 0.2 * (np.sin(2 * np.pi * 0.7 * t) > 0.6),
        "hum-50": sum(np.sin(2 * np.pi * 50 * k * t) / k for k in range(1, 8)) * 0.2,
        "hum-120-noisy": np.sin(2 * np.pi * 120 * t) * 0.3 + rng.normal(size=t.size) * 0.02,
        "tone-440": np.sin(2 * np.pi * 440 * t) * 0.3, "beeps": babble(880) * 0.3,
        "sweep": np.sin(2 * np.pi * (200 + 20 * t) * t) * 0.3, "silence": np.zeros(t.size),
    }
    files = []
    for name, samples in sounds.items():
        path = Path(folder) / f"{name}.wav"
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1), out.setsampwidth(2), out.setframerate(rate)
            out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        files.append(path)
    summaries = analyze(program, files, Path(folder) / "out")
    texts = [(stem, one["text"]) for stem, summary in summaries.items() for one in summary["transcript"]]
    print(f"Noise, hum and tones: {len(files) * secs / 60:.0f} minutes, {len(texts)} texts {texts or ''}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--program", type=Path, default=ROOT / "target/release/circumplex")
    arguments.add_argument("--parts", nargs="+", default=["english", "javanese", "noise"])
    chosen = arguments.parse_args()
    for part in chosen.parts:
        with tempfile.TemporaryDirectory() as folder:
            globals()[part](chosen.program.resolve(), chosen.data, folder)


if __name__ == "__main__":
    main()
