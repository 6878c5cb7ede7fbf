"""Makes a long session of a short one: its items again and again, each time later. To measure what an hour is like.

    python3 tests/sessions/lengthen.py SESSION TIMES FOLDER
"""

import json
import struct
import sys
import zlib
from pathlib import Path

import cpx


def chunk(body):
    framed = struct.pack("<I", len(body)) + body
    return b"CPXc" + framed + struct.pack("<I", zlib.crc32(framed))


def lengthen(path, times, shift, to):
    data = path.read_bytes()
    with to.open("wb") as out:
        out.write(data[:8])
        footers = []
        for round_ in range(times):
            at = 8
            while at + 12 <= len(data):
                (length,) = struct.unpack_from("<I", data, at + 4)
                body = data[at + 8 : at + 8 + length]
                at += 12 + length
                if body[:1] == b"H":
                    if round_ == 0:
                        out.write(chunk(body))
                elif body[:1] == b"F":
                    if round_ == 0:
                        footer = json.loads(body[1:])
                        footers.append({**footer, "items": footer["items"] * times, "lost": footer["lost"] * times})
                else:
                    # Shared between rounds but for when it was: arrived, start, end.
                    times_of = struct.unpack_from("<qqq", body, 2)
                    moved = struct.pack("<qqq", *(one + round_ * shift for one in times_of))
                    out.write(chunk(body[:2] + moved + body[26:]))
        for footer in footers:
            out.write(chunk(b"F" + json.dumps(footer).encode()))


def main():
    session, times, folder = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    folder.mkdir(parents=True)
    numbers = cpx.File(session / "numbers.cpx")
    arrived = [item.arrived for item in numbers.items]
    shift = max(arrived) - min(arrived) + 40_000_000
    (folder / "session.json").write_bytes((session / "session.json").read_bytes())
    for path in sorted(session.glob("*.cpx")):
        lengthen(path, times, shift, folder / path.name)
    print(f"{times} times {shift / 1e9:.1f} s")


if __name__ == "__main__":
    main()
