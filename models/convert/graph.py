"""Builds an ONNX graph node by node, with names that depend on nothing but the order of the calls."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
IR_VERSION = 10


class Graph:
    """Nodes and constants in the order in which they were asked for."""

    def __init__(self, name):
        self.name = name
        self.nodes = []
        self.constants = []
        self.by_value = {}
        self.inputs = []
        self.outputs = []

    def input(self, name, shape, kind=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, value, name, shape, kind=TensorProto.FLOAT):
        self.nodes.append(helper.make_node("Identity", [value], [name], name=f"out_{name}"))
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def constant(self, array):
        array = np.ascontiguousarray(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.by_value:
            self.by_value[key] = f"c{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(array, self.by_value[key]))
        return self.by_value[key]

    def floats(self, *values):
        return self.constant(np.array(values, np.float32))

    def integers(self, *values):
        return self.constant(np.array(values, np.int64))

    def add(self, op, *inputs, outputs=1, **attributes):
        """Adds a node and gives the name of its output, or their names where there are several."""
        index = len(self.nodes)
        names = [f"n{index}"] if outputs == 1 else [f"n{index}_{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=f"{op}_{index}", **attributes))
        return names[0] if outputs == 1 else names

    def write(self, path):
        """Checks the graph, drops what no output needs, and writes it."""
        graph = helper.make_graph(self.needed(), self.name, self.inputs, self.outputs, self.used_constants())
        model = helper.make_model(
            graph,
            producer_name="circumplex",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid(domain, version) for domain, version in self.domains().items()],
        )
        onnx.checker.check_model(model, full_check=True)
        with open(path, "wb") as file:
            file.write(model.SerializeToString(deterministic=True))

    def domains(self):
        domains = {"": OPSET}
        domains.update({node.domain: 1 for node in self.nodes if node.domain})
        return domains

    def needed(self):
        wanted = {value.name for value in self.outputs}
        kept = []
        for node in reversed(self.nodes):
            if wanted.intersection(node.output):
                wanted.update(node.input)
                kept.append(node)
        return kept[::-1]

    def used_constants(self):
        used = {name for node in self.needed() for name in node.input}
        return [constant for constant in self.constants if constant.name in used]
