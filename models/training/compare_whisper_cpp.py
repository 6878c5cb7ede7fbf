"""Compares whisper-rs, as the program uses it, with whisper.cpp's own command line: same library, model, threads, context.

    python models/training/compare_whisper_cpp.py

The command line's source comes with the npm package nodejs-whisper; it is compiled against the very libraries that
whisper-rs was built from, so flags are the same. Both transcribe the synthetic participant's first utterances with one
thread, greedily, with one encoder context; of the command line, loading is left out. The two take turns.
"""

import argparse
import re
import subprocess
import tarfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "nodejs-whisper@0.3.1"
MODEL = ROOT / "models/fetched/whisper_base_en.bin"


def command_line(folder):
    """whisper.cpp's `whisper-cli`, linked with the libraries of the newest release build."""
    binary = folder / "whisper-cli"
    if binary.exists():
        return binary
    if not list(folder.glob("nodejs-whisper-*.tgz")):
        subprocess.run(["npm", "pack", "--silent", PACKAGE], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    with tarfile.open(next(folder.glob("nodejs-whisper-*.tgz"))) as package:
        members = [one for one in package.getmembers() if one.name.startswith("package/cpp/whisper.cpp/examples/")]
        package.extractall(folder, members, filter="data")
    built = max((ROOT / "target/release/build").glob("whisper-rs-sys-*/out/lib"), key=lambda path: path.stat().st_mtime)
    source = next(Path.home().glob(".cargo/registry/src/*/whisper-rs-sys-*/whisper.cpp"))
    examples = folder / "package/cpp/whisper.cpp/examples"
    libraries = [built / f"lib{name}.a" for name in ("whisper", "ggml", "ggml-cpu", "ggml-base")]
    subprocess.run(["g++", "-O3", "-std=c++17", "-o", binary, examples / "cli/cli.cpp", examples / "common.cpp",
                    examples / "common-whisper.cpp", examples / "grammar-parser.cpp", f"-I{examples}", f"-I{source / 'include'}",
                    f"-I{source / 'ggml/include'}", *libraries, "-lpthread", "-ldl", "-lm"], check=True)
    return binary


def theirs(binary, wav, positions):
    """Milliseconds from loaded to done, and the text."""
    done = subprocess.run([binary, "-m", MODEL, "-f", wav, "-t", "1", "-ac", positions, "-bo", "1", "-bs", "1", "-nf", "-mc", "0",
                           "-l", "en", "-sns"], check=True, capture_output=True, text=True)
    part = lambda name: float(re.search(rf"{name} time =\s+([\d.]+) ms", done.stderr).group(1))
    return part("total") - part("load"), " ".join(re.sub(r"\[[^\]]*\]", " ", done.stdout).split())


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--folder", type=Path, default=ROOT / "models/training/cache/whisper-comparison",
                           help="for the command line and sound")
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cargo", "build", "--release", "--quiet", "--example", "transcribe"], check=True, cwd=ROOT)
    binary = command_line(given.folder.resolve())
    ours, other = {}, {}
    for turn in range(given.rounds):
        said = subprocess.run([ROOT / "target/release/examples/transcribe", given.folder.resolve(), "1"], check=True, cwd=ROOT,
                              capture_output=True, text=True).stdout
        for line in said.splitlines():
            wav, positions, millis, text = line.split("\t")
            ours.setdefault(wav, []).append((float(millis), text))
            other.setdefault(wav, []).append(theirs(binary, wav, positions))
    ratios = []
    for wav in ours:
        (own, text), (their, _) = (min(ours[wav]), min(other[wav]))
        ratios.append(own / their)
        print(f"{Path(wav).name}: whisper-rs {own:.0f} ms, command line {their:.0f} ms, ratio {ratios[-1]:.3f}  {text!r} | {min(other[wav])[1]!r}")
    print(f"median ratio of the least times {np.median(ratios):.3f}")


if __name__ == "__main__":
    main()
