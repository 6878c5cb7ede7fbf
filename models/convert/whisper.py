"""Rewrites whisper.cpp's files with 8-bit weights, which its kernels multiply fastest on a processor.

A file: magic, 11 numbers of the network's shape (the last is the kind of weights), the mel filters, the words, then one
tensor after another: count of dimensions, length of the name, kind, dimensions, name, values. Matrices become blocks of
32 eight-bit numbers with a 16-bit scale each (`Q8_0`); all else stays.
"""

import struct

import numpy as np

MAGIC = 0x67676D6C
SHAPE = 11
F32, F16, Q5_1, Q8_0 = 0, 1, 7, 8
# "Mostly Q8_0", by the second version of the quantisation formats.
MOSTLY_Q8_0 = 2 * 1000 + 7
BLOCK = 32
Q5_1_BLOCK = np.dtype([("scale", "<f2"), ("least", "<f2"), ("fifths", "<u4"), ("fours", "u1", BLOCK // 2)])
Q8_0_BLOCK = np.dtype([("scale", "<f2"), ("steps", "i1", BLOCK)])
KEPT = ("encoder.positional_embedding", "decoder.positional_embedding", "encoder.conv1.bias", "encoder.conv2.bias")


class Reader:
    def __init__(self, data):
        self.data, self.position = data, 0

    def ints(self, count):
        values = struct.unpack_from(f"<{count}i", self.data, self.position)
        self.position += 4 * count
        return values

    def take(self, count):
        part = self.data[self.position:self.position + count]
        if len(part) != count:
            raise ValueError(f"the file ends at byte {len(self.data)}, within a part that goes on")
        self.position += count
        return part


def floats(kind, raw, count):
    if kind == F32:
        return np.frombuffer(raw, "<f4", count)
    if kind == F16:
        return np.frombuffer(raw, "<f2", count).astype(np.float32)
    blocks = np.frombuffer(raw, Q5_1_BLOCK)
    fifths = (blocks["fifths"][:, None] >> np.arange(BLOCK, dtype=np.uint32) & 1).astype(np.uint8) << 4
    steps = np.concatenate([blocks["fours"] & 15, blocks["fours"] >> 4], axis=1) | fifths
    return steps * blocks["scale"][:, None].astype(np.float32) + blocks["least"][:, None].astype(np.float32)


def eight_bits(values):
    blocks = values.reshape(-1, BLOCK)
    scales = np.abs(blocks).max(axis=1) / np.float32(127)
    inverse = np.divide(1, scales, out=np.zeros_like(scales), where=scales > 0)
    result = np.empty(len(blocks), Q8_0_BLOCK)
    result["scale"] = scales
    result["steps"] = np.rint(blocks * inverse[:, None])
    return result.tobytes()


def tensors(reader):
    """(name, kind, dimensions, raw values) of each."""
    sizes = {F32: (4, 1), F16: (2, 1), Q5_1: (Q5_1_BLOCK.itemsize, BLOCK)}
    while reader.position < len(reader.data):
        count, length, kind = reader.ints(3)
        dimensions = reader.ints(count)
        name = reader.take(length).decode()
        if kind not in sizes:
            raise ValueError(f"{name} has weights of kind {kind}, which this converter doesn't know")
        size, together = sizes[kind]
        yield name, kind, dimensions, reader.take(int(np.prod(dimensions)) // together * size)


def convert(data, path):
    reader = Reader(data)
    magic, *shape = reader.ints(1 + SHAPE)
    if magic != MAGIC:
        raise ValueError("it isn't one of whisper.cpp's files")
    mels, bins = reader.ints(2)
    reader.take(4 * mels * bins)
    (words,) = reader.ints(1)
    for _ in range(words):
        reader.take(*reader.ints(1))
    head = bytearray(data[:reader.position])
    struct.pack_into("<i", head, 4 * SHAPE, MOSTLY_Q8_0)

    with open(path, "wb") as file:
        file.write(head)
        for name, kind, dimensions, raw in tensors(reader):
            is_matrix = len(dimensions) == 2 and name not in KEPT and dimensions[0] % BLOCK == 0
            if is_matrix:
                raw, kind = eight_bits(floats(kind, raw, int(np.prod(dimensions)))), Q8_0
            file.write(struct.pack(f"<{3 + len(dimensions)}i", len(dimensions), len(name), kind, *dimensions))
            file.write(name.encode() + raw)
