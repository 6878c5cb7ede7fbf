"""Turns the three TensorFlow Lite networks of the face landmarker into ONNX.

Image networks are laid out channels first inside and keep their channels-last input. Two operators are
rewritten so that ONNX Runtime never leaves its blocked convolution layout; the results stay the same.
"""

import numpy as np
import tflite

from .graph import Graph

OPERATORS = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
NUMPY_TYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}


class Network:
    """A TensorFlow Lite file, opened for reading."""

    def __init__(self, data):
        self.model = tflite.Model.GetRootAsModel(data, 0)
        self.graph = self.model.Subgraphs(0)

    def inputs(self):
        return [int(index) for index in self.graph.InputsAsNumpy()]

    def outputs(self):
        return [int(index) for index in self.graph.OutputsAsNumpy()]

    def operators(self):
        for index in range(self.graph.OperatorsLength()):
            operator = self.graph.Operators(index)
            code = self.model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()
            yield OPERATORS[code], operator

    def shape(self, index):
        tensor = self.graph.Tensors(index)
        return [tensor.Shape(axis) for axis in range(tensor.ShapeLength())]

    def constant(self, index):
        """The tensor's stored values, or None for one that is computed."""
        tensor = self.graph.Tensors(index)
        buffer = self.model.Buffers(tensor.Buffer())
        if buffer.DataLength() == 0:
            return None
        return np.frombuffer(buffer.DataAsNumpy().tobytes(), NUMPY_TYPES[tensor.Type()]).reshape(self.shape(index))


class Converter:
    """Carries one network over, operator by operator."""

    def __init__(self, data, name, images):
        self.network = Network(data)
        self.graph = Graph(name)
        self.images = images
        self.values = {}
        self.arrays = {}

    def array(self, index):
        if index in self.arrays:
            return self.arrays[index]
        return self.network.constant(index)

    def value(self, index):
        if index not in self.values:
            self.values[index] = self.graph.constant(self.array(index))
        return self.values[index]

    def run(self, input_name):
        [source] = self.network.inputs()
        shape = self.network.shape(source)
        value = self.graph.input(input_name, shape)
        if self.images:
            value = self.graph.add("Transpose", value, perm=[0, 3, 1, 2])
        self.values[source] = value
        for name, operator in self.network.operators():
            inputs = [int(index) for index in operator.InputsAsNumpy()]
            output = int(operator.OutputsAsNumpy()[0])
            result = getattr(self, name.lower())(operator, inputs, output)
            if result is not None:
                self.values[output] = result

    def options(self, operator, kind):
        options = kind()
        table = operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options

    def activated(self, value, activation):
        if activation == tflite.ActivationFunctionType.RELU:
            return self.graph.add("Relu", value)
        assert activation == tflite.ActivationFunctionType.NONE, activation
        return value

    def dequantize(self, _operator, inputs, output):
        self.arrays[output] = self.network.constant(inputs[0]).astype(np.float32)

    # Convolutions and what stands between them.

    def padding(self, options, source, output, kernel):
        if options.Padding() == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        strides = (options.StrideH(), options.StrideW())
        sizes = self.network.shape(source)[1:3], self.network.shape(output)[1:3]
        totals = [max((out - 1) * step + size - given, 0) for given, out, step, size in zip(*sizes, strides, kernel)]
        before = [total // 2 for total in totals]
        return before + [total - first for total, first in zip(totals, before)]

    def convolution(self, options, inputs, output, weights, group):
        kernel = weights.shape[2:]
        return self.activated(
            self.graph.add(
                "Conv",
                self.value(inputs[0]),
                self.graph.constant(weights),
                self.value(inputs[2]),
                kernel_shape=list(kernel),
                strides=[options.StrideH(), options.StrideW()],
                pads=self.padding(options, inputs[0], output, kernel),
                group=group,
            ),
            options.FusedActivationFunction(),
        )

    def conv_2d(self, operator, inputs, output):
        options = self.options(operator, tflite.Conv2DOptions)
        weights = self.array(inputs[1])
        if self.images:
            return self.convolution(options, inputs, output, weights.transpose(0, 3, 1, 2), 1)
        # A 1×1 convolution over channels-last rows is a product of matrices.
        product = self.graph.add("MatMul", self.value(inputs[0]), self.graph.constant(weights[:, 0, 0].T))
        return self.activated(
            self.graph.add("Add", product, self.value(inputs[2])), options.FusedActivationFunction()
        )

    def depthwise_conv_2d(self, operator, inputs, output):
        options = self.options(operator, tflite.DepthwiseConv2DOptions)
        assert options.DepthMultiplier() == 1
        weights = self.array(inputs[1]).transpose(3, 0, 1, 2)
        return self.convolution(options, inputs, output, weights, weights.shape[0])

    def scaled_channels(self, value, factors):
        weights = self.graph.constant(factors.astype(np.float32).reshape(-1, 1, 1, 1))
        return self.graph.add("Conv", value, weights, kernel_shape=[1, 1], group=factors.size)

    def prelu(self, _operator, inputs, _output):
        # x + (1 - a) relu(-x): two depthwise convolutions that ONNX Runtime fuses with their Relu and their Add,
        # where its own PRelu would leave the blocked layout.
        slopes = self.array(inputs[1]).reshape(-1)
        value = self.value(inputs[0])
        below = self.graph.add("Relu", self.scaled_channels(value, -np.ones_like(slopes)))
        return self.graph.add("Add", self.scaled_channels(below, 1 - slopes), value)

    def pad(self, _operator, inputs, _output):
        # Padding with empty channels, as a 1×1 convolution, for the same reason.
        pads = self.array(inputs[1])
        assert not pads[:3].any() and pads[3, 0] == 0, pads
        channels = self.network.shape(inputs[0])[3]
        weights = np.eye(channels + int(pads[3, 1]), channels, dtype=np.float32)[:, :, None, None]
        return self.graph.add("Conv", self.value(inputs[0]), self.graph.constant(weights), kernel_shape=[1, 1])

    def max_pool_2d(self, operator, inputs, output):
        options = self.options(operator, tflite.Pool2DOptions)
        kernel = [options.FilterHeight(), options.FilterWidth()]
        return self.graph.add(
            "MaxPool",
            self.value(inputs[0]),
            kernel_shape=kernel,
            strides=[options.StrideH(), options.StrideW()],
            pads=self.padding(options, inputs[0], output, kernel),
        )

    # Shapes.

    def reshape(self, _operator, inputs, output):
        value = self.value(inputs[0])
        if self.images and len(self.network.shape(inputs[0])) == 4:
            value = self.graph.add("Transpose", value, perm=[0, 2, 3, 1])
        return self.graph.add("Reshape", value, self.graph.integers(*self.network.shape(output)))

    def concatenation(self, operator, inputs, _output):
        axis = self.options(operator, tflite.ConcatenationOptions).Axis()
        return self.graph.add("Concat", *[self.value(index) for index in inputs], axis=axis)

    def transpose(self, _operator, inputs, _output):
        return self.graph.add("Transpose", self.value(inputs[0]), perm=self.array(inputs[1]).tolist())

    def strided_slice(self, operator, inputs, output):
        options = self.options(operator, tflite.StridedSliceOptions)
        begin, end, _ = (self.array(index).tolist() for index in inputs[1:4])
        full = self.network.shape(inputs[0])
        first = [0 if options.BeginMask() >> axis & 1 else value for axis, value in enumerate(begin)]
        last = [full[axis] if options.EndMask() >> axis & 1 else value for axis, value in enumerate(end)]
        for axis in range(len(full)):
            if options.ShrinkAxisMask() >> axis & 1:
                last[axis] = first[axis] + 1
        value = self.graph.add(
            "Slice", self.value(inputs[0]), self.graph.integers(*first), self.graph.integers(*last)
        )
        return self.graph.add("Reshape", value, self.graph.integers(*self.network.shape(output)))

    # Arithmetic.

    def binary(self, name, inputs, options, operator):
        value = self.graph.add(name, self.value(inputs[0]), self.value(inputs[1]))
        return self.activated(value, self.options(operator, options).FusedActivationFunction())

    def add(self, operator, inputs, _output):
        return self.binary("Add", inputs, tflite.AddOptions, operator)

    def sub(self, operator, inputs, _output):
        return self.binary("Sub", inputs, tflite.SubOptions, operator)

    def mul(self, operator, inputs, _output):
        return self.binary("Mul", inputs, tflite.MulOptions, operator)

    def div(self, operator, inputs, _output):
        return self.binary("Div", inputs, tflite.DivOptions, operator)

    def squared_difference(self, _operator, inputs, _output):
        difference = self.graph.add("Sub", self.value(inputs[0]), self.value(inputs[1]))
        return self.graph.add("Mul", difference, difference)

    def relu(self, _operator, inputs, _output):
        return self.graph.add("Relu", self.value(inputs[0]))

    def logistic(self, _operator, inputs, _output):
        return self.graph.add("Sigmoid", self.value(inputs[0]))

    def neg(self, _operator, inputs, _output):
        return self.graph.add("Neg", self.value(inputs[0]))

    def sqrt(self, _operator, inputs, _output):
        return self.graph.add("Sqrt", self.value(inputs[0]))

    def rsqrt(self, _operator, inputs, _output):
        return self.graph.add("Reciprocal", self.graph.add("Sqrt", self.value(inputs[0])))

    def reduced(self, name, operator, inputs):
        options = self.options(operator, tflite.ReducerOptions)
        rank = len(self.network.shape(inputs[0]))
        axes = sorted(int(axis) % rank for axis in self.array(inputs[1]).reshape(-1))
        axes = self.graph.integers(*axes)
        return self.graph.add(name, self.value(inputs[0]), axes, keepdims=int(options.KeepDims()))

    def mean(self, operator, inputs, _output):
        return self.reduced("ReduceMean", operator, inputs)

    def sum(self, operator, inputs, _output):
        return self.reduced("ReduceSum", operator, inputs)


def detector(data, path):
    converter = Converter(data, "face_detector", images=True)
    converter.run("image")
    boxes, scores = converter.network.outputs()
    converter.graph.output(converter.value(boxes), "boxes", [1, 896, 16])
    converter.graph.output(converter.value(scores), "scores", [1, 896, 1])
    converter.graph.write(path)


def landmarks(data, path):
    converter = Converter(data, "face_landmarks", images=True)
    converter.run("image")
    graph = converter.graph
    points, presence, _ = converter.network.outputs()
    graph.output(
        graph.add("Reshape", converter.value(points), graph.integers(1, 478, 3)), "landmarks", [1, 478, 3]
    )
    graph.output(graph.add("Reshape", converter.value(presence), graph.integers(1, 1)), "presence", [1, 1])
    graph.write(path)


def blendshapes(data, path):
    converter = Converter(data, "face_blendshapes", images=False)
    converter.run("landmarks")
    [shapes] = converter.network.outputs()
    converter.graph.output(converter.value(shapes), "blendshapes", [52])
    converter.graph.write(path)
