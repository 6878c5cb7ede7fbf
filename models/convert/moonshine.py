"""Has the acoustic encoder give what its layers say, not only what the last one makes of it.

The file is a flat buffer of ONNX Runtime's: the list of the graph's outputs is written anew at its end, and the graph
told where it is. Nothing else is touched, so the numbers are those of the original.
"""

import struct

# Where the schema (onnxruntime/core/flatbuffers/schema/ort.fbs) keeps these in their table's directory.
SESSION_MODEL, MODEL_GRAPH, GRAPH_OUTPUTS = 6, 18, 16
OUTPUTS = ["last_hidden_state", *(f"/layers.{layer}/Add_1_output_0" for layer in range(5))]


def number(data, place, form="<I"):
    return struct.unpack_from(form, data, place)[0]


def follow(data, place):
    """Where the offset at `place` leads."""
    return place + number(data, place)


def field(data, table, slot):
    """Where a table holds a field's value."""
    directory = table - number(data, table, "<i")
    offset = number(data, directory + slot, "<H")
    if slot >= number(data, directory, "<H") or offset == 0:
        raise ValueError(f"the table at {table} has no field {slot}")
    return table + offset


def names(data, place):
    vector = follow(data, place)
    for index in range(number(data, vector)):
        text = follow(data, vector + 4 + 4 * index)
        yield data[text + 4:text + 4 + number(data, text)].decode()


def convert(data, path):
    data = bytearray(data)
    model = follow(data, field(data, follow(data, 0), SESSION_MODEL))
    outputs = field(data, follow(data, field(data, model, MODEL_GRAPH)), GRAPH_OUTPUTS)
    if list(names(data, outputs)) != OUTPUTS[:1]:
        raise ValueError(f"the graph gives {list(names(data, outputs))}")
    data.extend(bytes(-len(data) % 4))
    struct.pack_into("<I", data, outputs, len(data) - outputs)
    vector = len(data) + 4
    data.extend(struct.pack("<I", len(OUTPUTS)) + bytes(4 * len(OUTPUTS)))
    for index, name in enumerate(OUTPUTS):
        place = vector + 4 * index
        struct.pack_into("<I", data, place, len(data) - place)
        text = name.encode()
        data.extend(struct.pack("<I", len(text)) + text + bytes(4 - len(text) % 4))
    with open(path, "wb") as file:
        file.write(data)
