"""Whether replays give the same bits: sessions over all sources and the levels that keep inputs, some with forgotten stretches.

    python3 tests/sessions/verify.py PROGRAM [RECORDING ...]

Records the synthetic participant ten times and each recording once (20 sessions with ten recordings), replays all with
`--verify`, and reads them again with the late fusion. Sessions from devices: `tests/devices/run --program "PROGRAM run
--headless --consent inputs --record DIR"`, then `PROGRAM replay DIR/* --verify`.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path


def script(chance, length):
    """Forgotten and paused stretches at moments by chance."""
    if chance.random() < 0.4:
        return []
    at = chance.uniform(0.3, 0.6) * length
    steps = [f"{at:.2f} forget {chance.uniform(0.5, at / 2):.2f}"]
    if chance.random() < 0.5:
        steps += [f"{at + 1:.2f} pause", f"{at + 1.7:.2f} resume"]
    return steps


def record(program, root, source, number):
    chance = random.Random(number)
    length = 12 if source == "demo" else 6
    consent = ["inputs", "video"][number % 2]
    arguments = [program, "run", "--headless", "--source", source, "--record", root, "--consent", consent]
    arguments += ["--participant", f"P{number:02}", "--settings", "/dev/null"]
    if source == "demo":
        arguments += ["--seconds", str(length)]
    steps = script(chance, length)
    for step in steps:
        arguments += ["--do", step]
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return consent, steps


def replayed(program, folder, *more):
    done = subprocess.run([program, "replay", folder, "--json", *more], capture_output=True, text=True)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[0])


def main():
    program, *recordings = sys.argv[1:]
    program = str(Path(program).resolve())
    sources = ["demo"] * 10 + recordings
    identical = changed = 0
    with tempfile.TemporaryDirectory() as root:
        for number, source in enumerate(sources):
            place = Path(root) / str(number)
            consent, steps = record(program, place, source, number)
            (folder,) = [folder for folder in place.iterdir() if (folder / "session.json").exists()]
            line = replayed(program, folder, "--verify")
            late = replayed(program, folder, "--fusion", "late")
            identical += line["is_identical"]
            changed += bool(late["changed"])
            compared = {part: line[part]["compared"] for part in ("answers", "face", "voice", "words", "levels")}
            print(
                f"{number:2} {Path(source).name:24} {consent:6} forgotten {line['forgotten']} beginnings {line['beginnings']} "
                f"{'identical' if line['is_identical'] else 'OTHER'} {compared} not compared {line['not_compared']}, "
                f"late changes {len(late['changed'])}",
                flush=True,
            )
    print(f"{identical} of {len(sources)} sessions replay bit for bit; in {changed} the late fusion changes something")
    sys.exit(0 if identical == len(sources) else 1)


if __name__ == "__main__":
    main()
