"""What a recording holds against: `kill -9`, a full disk, a disk that is stuck.

    python3 tests/sessions/hold.py PROGRAM kill [COUNT]     COUNT recordings (200) killed at random moments
    python3 tests/sessions/hold.py PROGRAM full             a file system of 6 MB (needs root)
    python3 tests/sessions/hold.py PROGRAM stuck            a file system frozen for a while (needs root)

Prints what was lost, and fails if it is more than a second, or isn't said exactly. Files are read by `cpx.py`, and opened by
the program.
"""

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import cpx

MOST_LOST_S = 1.0


class Run:
    """The program, recording the synthetic participant; its lines with the time they came."""

    def __init__(self, program, root, *more, consent="numbers"):
        arguments = [program, "run", "--headless", "--source", "demo", "--record", root, "--consent", consent]
        arguments += ["--participant", "P07", "--settings", "/dev/null", *more]
        self.process = subprocess.Popen(
            list(map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.lines, self.reader = [], threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            try:
                self.lines.append((time.monotonic(), json.loads(line)))
            except json.JSONDecodeError:
                pass  # the line that a kill cut

    def of(self, kind):
        return [line for _, line in self.lines if line["type"] == kind]

    def wait_for(self, kind, at_most=60):
        until = time.monotonic() + at_most
        while not self.of(kind):
            assert time.monotonic() < until and self.process.poll() is None, f"the program said nothing of {kind}"
            time.sleep(0.01)

    def end(self):
        self.process.wait()
        self.reader.join()


def session_of(root):
    (folder,) = [folder for folder in Path(root).iterdir() if (folder / "session.json").exists()]
    return folder


def killed(program, number):
    with tempfile.TemporaryDirectory() as root:
        chance = random.Random(number)
        consent = ["numbers", "words", "inputs", "video"][number % 4]
        run = Run(program, root, consent=consent)
        run.wait_for("recording")
        time.sleep(chance.uniform(0.05, 6.0))
        run.process.kill()
        run.end()
        readings = run.of("reading")
        began = run.of("recording")[0]["time_s"]
        folder = session_of(root)
        opened = subprocess.run([program, "sessions", root, "--check"], capture_output=True, text=True)
        numbers = cpx.File(folder / "numbers.cpx")
        last = max((item.arrived / 1e9 for item in numbers.named("affect")), default=began)
        lost = max(0.0, readings[-1]["time_s"] - last)
        is_opened = opened.returncode == 0 and "broke off" in opened.stdout and not numbers.footers
        return number, consent, lost, is_opened, opened.stdout + opened.stderr


def kill(program, count):
    with ThreadPoolExecutor(2) as pool:
        all_runs = list(pool.map(lambda number: killed(program, number), range(count)))
    losses = sorted(lost for _, _, lost, _, _ in all_runs)
    shut = [run for run in all_runs if not run[3]]
    print(f"{count} recordings killed: {count - len(shut)} open again, {len(shut)} don't")
    print(f"lost: median {losses[len(losses) // 2]:.3f} s, worst {losses[-1]:.3f} s (at most {MOST_LOST_S} s)")
    for run in shut:
        print(run)
    return not shut and losses[-1] <= MOST_LOST_S


@contextmanager
def disk(kind, size):
    """A file system of its own."""
    with tempfile.TemporaryDirectory() as base:
        base = Path(base)
        place = base / "disk"
        place.mkdir()
        image = base / "image"
        if kind == "tmpfs":
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], check=True)
        else:
            subprocess.run(["truncate", "-s", size, image], check=True)
            subprocess.run(["mkfs.ext4", "-q", image], check=True)
            subprocess.run(["mount", "-o", "loop", image, place], check=True)
        try:
            yield place
        finally:
            subprocess.run(["umount", place], check=True)


def is_exact(folder, readings, since):
    """Whether what is missing of the answers and the faces is what is said to be lost."""
    numbers = cpx.File(folder / "numbers.cpx")
    said = {stream: footer["lost"] for stream, footer in numbers.footers.items()}
    names = {header["name"]: number for number, header in numbers.streams.items()}
    is_right = bool(said)
    kept = {round(item.arrived / 1e9, 6) for item in numbers.named("affect")}
    ended = max(kept)
    told = [line["time_s"] for line in readings if since <= line["time_s"] <= ended]
    missing = sum(round(at, 6) not in kept for at in told)
    lost = said.get(names["affect"])
    print(f"  answers: {len(told)} given, {missing} aren't there, {lost} said to be lost")
    is_right &= missing == lost
    inputs = folder / "inputs.cpx"
    if inputs.exists():
        inputs = cpx.File(inputs)
        crops, faces = len(inputs.named("crop")), len(numbers.named("face")) + said.get(names["face"], 0)
        (number,) = [number for number, header in inputs.streams.items() if header["name"] == "crop"]
        lost = inputs.footers[number]["lost"]
        print(f"  crops: {faces} faces were looked for, {crops} crops are there, {lost} said to be lost")
        # Faces that are read as the recording ends may have their crops kept and not be taken note of any more.
        is_right &= abs(faces - crops - lost) <= 3
    return is_right


def gaps(readings, frm, to):
    """The longest time without a reading while the disk was gone."""
    times = [line["time_s"] for line in readings if frm <= line["time_s"] <= to]
    return max((b - a for a, b in zip(times, times[1:])), default=to - frm)


def full(program):
    with disk("tmpfs", "107m") as place:
        (place / "ballast").write_bytes(bytes(2 << 20))
        run = Run(program, place, "--seconds", "30", consent="inputs")
        run.wait_for("recording")
        time.sleep(4)
        # Somebody else fills it.
        free = int(subprocess.run(["stat", "-f", "-c", "%a %S", place], capture_output=True, text=True).stdout.split()[0])
        (place / "hog").write_bytes(bytes(max(0, free * 4096 - (1 << 20))))
        filled = time.monotonic()
        time.sleep(14)
        (place / "hog").unlink()
        run.end()
        at = [line["time_s"] for when, line in run.lines if line["type"] == "reading" and when >= filled][0]
        said = [(when - filled, line) for when, line in run.lines if line["type"] == "recording" and line["trouble"]]
        longest = gaps(run.of("reading"), at, at + 14)
        print(f"full disk: readings go on (longest pause {longest:.2f} s)")
        soon = [when for when, _ in said if when > 0]
        print(f"  said {soon[0]:.1f} s after it was filled: {said[-1][1]['trouble'].splitlines()[0]}" if soon else "  not said")
        last = run.of("recording")[-1]
        print(f"  in the end: {last['state']}, {last.get('lost')} items lost")
        since = run.of("recording")[0]["time_s"]
        is_right = is_exact(session_of(place), run.of("reading"), since)
        return is_right and bool(soon) and longest < 0.5 and last["state"] == "saved"


def stuck(program):
    is_right = True
    for secs, consent in ((5, "numbers"), (25, "inputs")):
        with disk("ext4", "300M") as place:
            run = Run(program, place, "--seconds", str(secs + 15), consent=consent)
            run.wait_for("recording")
            time.sleep(4)
            subprocess.run(["fsfreeze", "-f", place], check=True)
            frozen = time.monotonic()
            time.sleep(secs)
            subprocess.run(["fsfreeze", "-u", place], check=True)
            run.end()
            lines = [line for when, line in run.lines if line["type"] == "reading" and when >= frozen]
            longest = gaps(run.of("reading"), lines[0]["time_s"], lines[0]["time_s"] + secs)
            said = [when - frozen for when, line in run.lines if line["type"] == "recording" and line["trouble"]]
            last = run.of("recording")[-1]
            print(f"disk stuck for {secs} s, {consent}: readings go on (longest pause {longest:.2f} s)")
            print(f"  said after {said[0]:.1f} s" if said else "  not said")
            print(f"  in the end: {last['state']}, {last.get('lost')} items lost")
            since = run.of("recording")[0]["time_s"]
            is_right &= is_exact(session_of(place), run.of("reading"), since)
            is_right &= bool(said) and longest < 0.5 and last["state"] == "saved"
    return is_right


def main():
    program, what, *more = sys.argv[1:]
    program = str(Path(program).resolve())
    ways = {"kill": lambda: kill(program, int(more[0]) if more else 200), "full": lambda: full(program), "stuck": lambda: stuck(program)}
    sys.exit(0 if ways[what]() else 1)


if __name__ == "__main__":
    main()
