"""Reads a session by what `src/session/mod.rs` says, and by nothing else: no code is shared with the program."""

import json
import struct
import zlib
from pathlib import Path

MAGIC = b"CIRCPX\0\1"


class Item:
    __slots__ = ("stream", "arrived", "start", "end", "seq", "values", "bytes")

    def __init__(self, body):
        self.stream = body[1]
        self.arrived, self.start, self.end = struct.unpack_from("<qqq", body, 2)
        self.seq, count = struct.unpack_from("<QI", body, 26)
        self.values = struct.unpack_from(f"<{count}f", body, 38)
        self.bytes = body[38 + 4 * count :]

    def json(self):
        return json.loads(self.bytes)


class File:
    """Streams by number, items and footers, and how many bytes at the end are no whole chunk."""

    def __init__(self, path):
        data = Path(path).read_bytes()
        assert data[:8] == MAGIC, f"{path} is no file of a session"
        self.streams, self.items, self.footers = {}, [], {}
        at = 8
        while at + 12 <= len(data):
            (length,) = struct.unpack_from("<I", data, at + 4)
            end = at + 8 + length
            if data[at : at + 4] != b"CPXc" or end + 4 > len(data):
                break
            (check,) = struct.unpack_from("<I", data, end)
            if zlib.crc32(data[at + 4 : end]) != check:
                break
            body = data[at + 8 : end]
            tag = body[:1]
            if tag == b"H":
                header = json.loads(body[1:])
                self.streams[header["id"]] = header
            elif tag == b"F":
                footer = json.loads(body[1:])
                self.footers[footer["id"]] = footer
            else:
                self.items.append(Item(body))
            at = end + 4
        self.left = len(data) - at

    def named(self, name):
        (number,) = [number for number, stream in self.streams.items() if stream["name"] == name]
        return [item for item in self.items if item.stream == number]


def events(numbers, kind):
    return [(item, item.json()) for item in numbers.named("events") if item.json()["type"] == kind]
