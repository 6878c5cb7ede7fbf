#!/usr/bin/env python3
"""Exports sessions with the program, and reads everything with what others read it with: pandas, pyxdf, bids_validator, ffprobe.

    python3 tests/readers/check.py SESSION... [--program target/release/circumplex]

What was exported is compared with the session itself, which is read by `tests/sessions/cpx.py`: no code is shared with the
program. The readers come from PyPI, into a virtual environment under `target/`. Ends with 1 on any deviation.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = ["pyxdf==1.17.5", "pandas==3.0.*", "bids_validator==1.14.7.post0", "bids-validator-deno==3.0.2"]
PLACE = ROOT / "target" / "readers"


def in_environment():
    """Makes the environment if it isn't there, and goes on in it."""
    python = PLACE / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if Path(sys.prefix).resolve() == PLACE.resolve():
        return
    done = PLACE / "readers.txt"
    if not done.exists() or done.read_text() != "\n".join(READERS):
        print("making an environment with", ", ".join(READERS))
        venv.create(PLACE, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *READERS], check=True)
        done.write_text("\n".join(READERS))
    sys.exit(subprocess.run([python, __file__, *sys.argv[1:]]).returncode)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("sessions", nargs="+", type=Path)
    arguments.add_argument("--program", type=Path, default=ROOT / "target" / "release" / "circumplex")
    asked = arguments.parse_args()

    sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests" / "sessions")]
    import media
    import others
    import streams
    import tables
    from session import Deviations, Session

    bad = 0
    for folder in asked.sessions:
        print(f"== {folder}")
        session, deviations = Session(folder), Deviations()
        with tempfile.TemporaryDirectory() as out:
            command = [asked.program, "export", folder, "--as", "all", "--out", out]
            done = subprocess.run(command, capture_output=True, text=True)
            deviations.unless(done.returncode == 0, "export", f"ended with {done.returncode}: {done.stdout}{done.stderr}")
            if done.returncode == 0:
                again = subprocess.run(command, capture_output=True, text=True)
                deviations.unless(again.returncode == 2, "export", "replaced what was there without --force")
                for check in [tables.check, streams.check, others.check_bids, others.check_emotionml, media.check]:
                    check(session, Path(out), deviations)
        bad += deviations.tell()
    return 1 if bad else 0


if __name__ == "__main__":
    in_environment()
    sys.exit(main())
