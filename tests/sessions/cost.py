"""What recording costs: the live pipeline on the synthetic participant with and without it, in turns.

    python3 tests/sessions/cost.py PROGRAM [ROUNDS] [SECONDS]

Prints, for each level of consent, medians over the rounds, and ratios to the runs without recording. Run it on a machine that
does nothing else.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

LEVELS = [None, "numbers", "inputs", "video"]


def run(program, consent, seconds):
    with tempfile.TemporaryDirectory() as root:
        report = Path(root) / "report.json"
        arguments = [program, "run", "--headless", "--source", "demo", "--seconds", seconds, "--report", report]
        arguments += ["--settings", "/dev/null"]
        if consent:
            arguments += ["--record", root, "--consent", consent, "--participant", "P07"]
        subprocess.run(list(map(str, arguments)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        found = json.loads(report.read_text())
        latency = found["latency_from_span_end_to_first_reading"]
        stages = {stage["stage"]: stage for stage in found["stages"]}
        return {
            "answers/s": found["answers_per_second"],
            "faces/s": stages["face"]["rate_hz"],
            "face p50 ms": latency["face"]["p50_ms"],
            "face p95 ms": latency["face"]["p95_ms"],
            "voice p95 ms": latency["voice"]["p95_ms"],
            "words p50 ms": latency["words"]["p50_ms"],
            "CPU %": found["cpu_percent_of_one_core"],
        }


def main():
    program, *more = sys.argv[1:]
    rounds, seconds = (int(more[0]) if more else 3), (int(more[1]) if len(more) > 1 else 40)
    program = str(Path(program).resolve())
    all_runs = {level: [] for level in LEVELS}
    for _ in range(rounds):
        for level in LEVELS:
            all_runs[level].append(run(program, level, seconds))
    for name in all_runs[None][0]:
        medians = {level: statistics.median(one[name] for one in runs) for level, runs in all_runs.items()}
        rest = ", ".join(f"{level} {medians[level]:.1f} ({medians[level] / medians[None]:.2f})" for level in LEVELS[1:])
        print(f"{name:13} without {medians[None]:.1f}; {rest}")


if __name__ == "__main__":
    main()
