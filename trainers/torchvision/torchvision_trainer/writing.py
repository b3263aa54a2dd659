"""Writes exported files."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from .graphs import Signature
from .runtimes import METADATA_FILE

FILE_NAMES = {"onnx": "model.onnx", "torchscript": "model.pt"}


def write(graph: nn.Module, signature: Signature, path: Path, format: str, metadata: Mapping[str, Any]) -> None:
    """Writes a graph of :func:`graphs.graph_of` and the metadata into one file."""
    example = torch.zeros(_batch(metadata), *metadata["inputShape"][1:])
    if format == "torchscript":
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = graph if isinstance(graph, torch.jit.ScriptModule) else torch.jit.trace(graph, example)
        torch.jit.save(module, str(path), _extra_files={METADATA_FILE: json.dumps(metadata)})
        return
    _write_onnx(graph, signature, path, example, metadata)


def _batch(metadata: Mapping[str, Any]) -> int:
    """Two images where any number is possible: with one, a graph may be traced that takes only one."""
    first = metadata["inputShape"][0]
    return first if isinstance(first, int) else 2


def _write_onnx(
    graph: nn.Module, signature: Signature, path: Path, example: torch.Tensor, metadata: Mapping[str, Any]
) -> None:
    import onnx

    dynamic: dict[str, dict[int, str]] = {}
    if signature.one_at_a_time:
        dynamic = {name: {0: "M"} for name in signature.outputs}
    elif metadata["inputShape"][0] == "N":
        dynamic = {name: {0: "N"} for name in ("input", *signature.outputs)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph, example, str(path), opset_version=metadata["opset"], do_constant_folding=True,
            input_names=["input"], output_names=list(signature.outputs), dynamic_axes=dynamic,
        )  # fmt: skip
    written = onnx.load(str(path))
    _copy_shared_constants(written)
    if metadata["precision"] == "fp16":
        to_half(written)
    onnx.helper.set_model_props(
        written,
        {name: value if isinstance(value, str) else json.dumps(value) for name, value in metadata.items()},
    )
    onnx.checker.check_model(written)
    onnx.save(written, str(path))


def _copy_shared_constants(model: Any) -> None:
    """Gives each use of a weight its own constant.

    torch stores equal tensors once and refers to them by Identity nodes. OpenCV cannot read those.
    """
    constants = {constant.name: constant for constant in model.graph.initializer}
    for node in [node for node in model.graph.node if node.op_type == "Identity" and node.input[0] in constants]:
        copied = model.graph.initializer.add()
        copied.CopyFrom(constants[node.input[0]])
        copied.name = node.output[0]
        model.graph.node.remove(node)


#: Inputs that ONNX wants in float32 whatever the data are: the region of interest and the scales of Resize.
_KEPT_INPUTS = {"Resize": (1, 2)}


def to_half(model: Any) -> None:
    """Makes a graph of plain layers compute in half precision. Its input and outputs stay float32.

    Raises ValueError for a graph with parts of its own (Loop, If) or with operators that have no half precision.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    kept = {
        node.input[place]
        for node in graph.node for place in _KEPT_INPUTS.get(node.op_type, ()) if place < len(node.input)
    }  # fmt: skip
    refused = sorted({node.op_type for node in graph.node} & {"Loop", "If", "Scan", "NonMaxSuppression", "RoiAlign"})
    if refused:
        raise ValueError(f"{', '.join(refused)} cannot be converted to half precision")

    def half(tensor: Any, name: str) -> None:
        if tensor.data_type == TensorProto.FLOAT and name not in kept:
            values = numpy_helper.to_array(tensor)
            limited = np.clip(values, *(float(bound) for bound in (np.finfo(np.float16).min, np.finfo(np.float16).max)))
            tensor.CopyFrom(numpy_helper.from_array(limited.astype(np.float16), tensor.name))

    for constant in graph.initializer:
        half(constant, constant.name)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == attribute.TENSOR:
                half(attribute.t, node.output[0])
            elif node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
    del graph.value_info[:]
    names = {value.name: f"{value.name}_half" for value in (*graph.input, *graph.output)}
    for node in graph.node:
        for places in (node.input, node.output):
            for index, name in enumerate(places):
                places[index] = names.get(name, name)
    inside = list(graph.node)
    del graph.node[:]
    for value in graph.input:
        graph.node.append(helper.make_node("Cast", [value.name], [names[value.name]], to=TensorProto.FLOAT16))
    graph.node.extend(inside)
    for value in graph.output:
        graph.node.append(helper.make_node("Cast", [names[value.name]], [value.name], to=TensorProto.FLOAT))


def precision_of(path: Path) -> str:
    """``fp16`` when every weight of the file with more than one value is in half precision, else ``fp32``."""
    import onnx

    weights = [weight for weight in onnx.load(str(path)).graph.initializer if int(np.prod(weight.dims)) > 4]
    kinds = {weight.data_type for weight in weights} & {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16}
    return "fp16" if kinds == {onnx.TensorProto.FLOAT16} else "fp32"
