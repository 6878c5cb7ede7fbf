"""Reads the canonical face out of its protocol buffer, and writes it as JSON."""

import json
import struct

VERTICES, TRIANGLES = 468, 898


def varint(data, position):
    value, shift = 0, 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position


def fields(data):
    """The fields of a message: number and value, bytes where they are length-delimited."""
    position = 0
    while position < len(data):
        key, position = varint(data, position)
        kind = key & 7
        if kind == 0:
            value, position = varint(data, position)
        elif kind == 2:
            size, position = varint(data, position)
            value, position = data[position : position + size], position + size
        elif kind == 5:
            value, position = data[position : position + 4], position + 4
        else:
            raise ValueError(f"unknown wire type {kind} at byte {position}")
        yield key >> 3, value


def packed_varints(data):
    position = 0
    while position < len(data):
        value, position = varint(data, position)
        yield value


def convert(data, path):
    mesh = next(value for number, value in fields(data) if number == 1)
    floats, indices = [], []
    for number, value in fields(mesh):
        if number == 3:
            floats += struct.unpack(f"<{len(value) // 4}f", value)
        elif number == 4:
            indices += packed_varints(value) if isinstance(value, bytes) else [value]
    if (len(floats), len(indices)) != (VERTICES * 5, TRIANGLES * 3):
        raise ValueError(f"the mesh has {len(floats)} numbers and {len(indices)} indices")
    rounded = [float(f"{number:.7g}") for number in floats]
    geometry = {
        "vertices": [rounded[at : at + 5] for at in range(0, len(rounded), 5)],
        "triangles": [indices[at : at + 3] for at in range(0, len(indices), 3)],
    }
    with open(path, "w", encoding="ascii") as file:
        json.dump(geometry, file, separators=(",", ":"))
