"""A rule-based sentence splitter as a 2 kB ONNX model in MiniSBD's format.

argostranslate 1.11 downloads a splitter at the first ``translate()`` unless the package brings
one. polycue never calls that, but other users of the packages should stay offline too.

The model gives each character five scores; the third says "a sentence ends here" (MiniSBD's class
2). The rule: a mark that ends sentences, or a closing quote behind one, followed by a space or the
end; a full-width mark in any case.
"""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_UNITS = ["<PAD>", "<UNK>", *" .!?…\"'”’»)。！？"]
_ENDS, _WIDE_ENDS, _SPACES, _CLOSERS = set(".!?…"), set("。！？"), {"<PAD>", " "}, set("\"'”’»)")


def build(language: str) -> bytes:
    graph = helper.make_graph(
        _nodes(),
        "rules",
        [
            helper.make_tensor_value_info("units", TensorProto.INT64, ["B", "T"]),
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["B", "T", "F"]),
        ],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["B", "T", 5])],
        _constants(),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    for key, value in _metadata(language).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _nodes() -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node("Gather", ["is_end", "units"], ["end"]),
        node("Gather", ["is_wide_end", "units"], ["wide_end"]),
        node("Gather", ["is_space", "units"], ["space"]),
        node("Gather", ["is_closer", "units"], ["closer"]),
        # Is the next character a space? Behind the last one: yes.
        node("Slice", ["space", "one", "last", "axis_1"], ["space_moved"]),
        node("Pad", ["space_moved", "behind", "true"], ["space_next"]),
        # Was the character before an end? Before the first one: no.
        node("Slice", ["end", "zero", "minus_one", "axis_1"], ["end_moved"]),
        node("Pad", ["end_moved", "before", "false"], ["end_before"]),
        node("Mul", ["closer", "end_before"], ["closed_end"]),
        node("Add", ["end", "closed_end"], ["any_end"]),
        node("Mul", ["any_end", "space_next"], ["end_and_space"]),
        node("Add", ["end_and_space", "wide_end"], ["split"]),
        node("Unsqueeze", ["split", "axis_2"], ["score"]),
        # The other classes: "no split" wins with 0.5 where the score is 0. The features are
        # multiplied by nothing, because MiniSBD insists on handing them over.
        node("Mul", ["score", "false"], ["none"]),
        node("Add", ["none", "half"], ["no_split"]),
        node("ReduceSum", ["features", "axis_2"], ["feature_sum"], keepdims=1),
        node("Mul", ["feature_sum", "false"], ["unheeded"]),
        node("Add", ["none", "unheeded"], ["token_end"]),
        node("Concat", ["no_split", "token_end", "score", "none", "none"], ["out"], axis=2),
    ]


def _constants() -> list[TensorProto]:
    def members(units: set[str]) -> np.ndarray:
        return np.array([unit in units for unit in _UNITS], np.float32)

    values = {
        "is_end": members(_ENDS),
        "is_wide_end": members(_WIDE_ENDS),
        "is_space": members(_SPACES),
        "is_closer": members(_CLOSERS),
        "zero": np.array([0], np.int64),
        "one": np.array([1], np.int64),
        "minus_one": np.array([-1], np.int64),
        "last": np.array([2**31 - 1], np.int64),
        "axis_1": np.array([1], np.int64),
        "axis_2": np.array([2], np.int64),
        "behind": np.array([0, 0, 0, 1], np.int64),
        "before": np.array([0, 1, 0, 0], np.int64),
        "true": np.array(1, np.float32),
        "false": np.array(0, np.float32),
        "half": np.array(0.5, np.float32),
    }
    return [numpy_helper.from_array(value, name) for name, value in values.items()]


def _metadata(language: str) -> dict[str, str]:
    config = {
        "skip_newline": False,
        "max_seqlen": 1000,
        "no_ssplit": False,
        "batch_size": 8,
        "feat_funcs": ["space_before"],
        "use_dictionary": False,
        "num_dict_feat": 0,
    }
    vocabulary = {
        "lang": language,
        "idx": 0,
        "cutoff": 0,
        "lower": False,
        "_unit2id": {unit: index for index, unit in enumerate(_UNITS)},
        "_id2unit": _UNITS,
    }
    return {
        "lang_code": language,
        "config": json.dumps(config),
        "vocab": json.dumps(vocabulary),
        "lexicon": "null",
    }
