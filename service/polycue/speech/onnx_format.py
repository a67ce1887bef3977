"""As much of the ONNX file format as it takes to read weights and to write another graph of them.

The package ``onnx`` would do it as well, but is 31 MB for every server; protobuf is there already.
Fields that are not declared here (a graph's inputs and outputs) pass through unread.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from numpy.typing import NDArray

# Names and numbers are those of ONNX's own schema (onnx.proto); "*" is repeated.
_MESSAGES: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "Tensor": {
        "dims": (1, "*int64"),
        "data_type": (2, "int32"),
        "name": (8, "string"),
        "raw_data": (9, "bytes"),
    },
    "Attribute": {
        "name": (1, "string"),
        "i": (3, "int64"),
        "s": (4, "bytes"),
        "type": (20, "int32"),
    },
    "Node": {
        "input": (1, "*string"),
        "output": (2, "*string"),
        "op_type": (4, "string"),
        "attribute": (5, "*Attribute"),
    },
    "Graph": {"node": (1, "*Node"), "initializer": (5, "*Tensor")},
    "Model": {"graph": (7, "Graph")},
}
_FLOAT, _INT64 = 1, 7  # TensorProto.DataType
_DTYPES = {_FLOAT: "<f4", _INT64: "<i8"}
_ATTRIBUTE_INT, _ATTRIBUTE_STRING = 2, 3  # AttributeProto.AttributeType

Weights = NDArray[np.float32]


class OnnxFile:
    """A model read from the bytes of its file, to be written again with other nodes.

    Raises:
        ValueError: these are not the bytes of an ONNX model.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._model = _messages()["Model"].FromString(data)
        except DecodeError as error:
            raise ValueError("not an ONNX file") from error

    def inputs_of(self, operator: str) -> list[list[Weights]]:
        """The weights that each node of this kind takes, in the order of the file."""
        graph = self._model.graph
        tensors = {tensor.name: tensor for tensor in graph.initializer}
        nodes = [node for node in graph.node if node.op_type == operator]
        return [[_array(tensors[n]) for n in node.input if n in tensors] for node in nodes]

    def with_nodes(self, nodes: "Nodes") -> bytes:
        """The same inputs and outputs, computed by ``nodes`` instead."""
        model = _messages()["Model"]()
        model.CopyFrom(self._model)
        del model.graph.node[:], model.graph.initializer[:]
        model.graph.node.extend(nodes.nodes)
        model.graph.initializer.extend(nodes.constants)
        data: bytes = model.SerializeToString()
        return data


class Nodes:
    """Nodes in the order in which they are computed, each named by its output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def __repr__(self) -> str:
        return f"Nodes({len(self.nodes)} with {len(self.constants)} constants)"

    def add(
        self, operator: str, *inputs: str, to: str | Sequence[str] = "", **attributes: int | str
    ) -> str:
        """What comes out of it first; it may be given its name with ``to``, or all theirs."""
        outputs = [to or f"v{len(self.nodes)}"] if isinstance(to, str) else [*to]
        node = _messages()["Node"](op_type=operator, input=inputs, output=outputs)
        for name, value in attributes.items():
            if isinstance(value, int):
                node.attribute.add(name=name, i=value, type=_ATTRIBUTE_INT)
            else:
                node.attribute.add(name=name, s=value.encode(), type=_ATTRIBUTE_STRING)
        self.nodes.append(node)
        return outputs[0]

    def constant(self, values: Weights | Sequence[int]) -> str:
        kind = _FLOAT if isinstance(values, np.ndarray) else _INT64
        array = np.ascontiguousarray(values, _DTYPES[kind])
        name = f"c{len(self.constants)}"
        self.constants.append(
            _messages()["Tensor"](
                dims=array.shape, data_type=kind, name=name, raw_data=array.tobytes()
            )
        )
        return name


def _array(tensor: Any) -> Weights:
    values = np.frombuffer(tensor.raw_data, _DTYPES[tensor.data_type])
    return values.reshape(tuple(tensor.dims))


@cache
def _messages() -> Mapping[str, Any]:
    file = FileDescriptorProto(name="onnx", package="onnx", syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            label = Field.LABEL_REPEATED if kind[0] == "*" else Field.LABEL_OPTIONAL
            kind = kind.lstrip("*")
            added = message.field.add(name=field, number=number, label=label)
            if kind in _MESSAGES:
                added.type, added.type_name = Field.TYPE_MESSAGE, f".onnx.{kind}"
            else:
                added.type = Field.Type.Value(f"TYPE_{kind.upper()}")
    pool = DescriptorPool()
    pool.Add(file)
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"onnx.{name}")) for name in _MESSAGES}
