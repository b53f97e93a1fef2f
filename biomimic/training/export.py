"""A policy as an ONNX file: the deterministic action of raw observations, for programs without this package."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from biomimic import __version__, config, files
from biomimic.run import Run
from biomimic.training import folder, network, normalize, skip

OPSET = 17  # the first with LayerNormalization
IR = 8  # file format of that opset's first release; older programs read it too
INPUT, OUTPUT = "observation", "action"


class _Graph:
    """Nodes and constants as they are added; every method gives the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, values: object, name: str = "") -> str:
        """A constant, float32 or int64."""
        array = np.asarray(values)
        array = np.ascontiguousarray(array, np.int64 if array.dtype.kind in "iu" else np.float32)
        name = name or f"constant_{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(array.reshape(np.shape(values)), name)
        return name

    def add(self, kind: str, *inputs: str, result: str = "", settings: Mapping[str, object] | None = None) -> str:
        """A node of one result."""
        result = result or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [result], **(settings or {})))
        return result

    def silu(self, signal: str) -> str:
        """x * sigmoid(x)."""
        return self.add("Mul", signal, self.add("Sigmoid", signal))

    def columns(self, signal: str, first: int, last: int) -> str:
        """Columns first to last - 1 of a matrix."""
        return self.add("Slice", signal, *(self.constant(np.array([x])) for x in (first, last, 1)))

    def unsqueezed(self, signal: str, axes: Sequence[int]) -> str:
        """The same with new axes of length 1."""
        return self.add("Unsqueeze", signal, self.constant(np.array(axes)))

    def summed(self, signal: str, axes: Sequence[int], result: str = "") -> str:
        """Sum over axes, which vanish."""
        axes_name = self.constant(np.array(axes))
        return self.add("ReduceSum", signal, axes_name, result=result, settings={"keepdims": 0})


def model(params: network.Parameters, note: Mapping[str, str] | None = None) -> onnx.ModelProto:
    """The graph of `network.mode`: input "observation" (batch, O), raw; output "action" (batch, A).

    Args:
        params: of a policy, with its normaliser if it has one.
        note: words that travel with the file.
    """
    graph, layers = _Graph(), params["actor"]
    signal = _normalised(graph, params["normaliser"]) if "normaliser" in params else INPUT
    for index in range(len(layers) - 1):
        signal = _layer(graph, layers[str(index)], f"actor/{index}", signal)
    out = layers["out"]
    mean = _linear(graph, out, "actor/out", signal)
    if "skip" in params:
        graph.add("Add", mean, _skipped(graph, params["skip"]["table"]), result=OUTPUT)
    else:
        graph.add("Identity", mean, result=OUTPUT)
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "policy",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", _width(params)])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", len(out["b"])])],
            list(graph.constants.values()),
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="biomimic",
        producer_version=__version__,
    )
    helper.set_model_props(made, dict(sorted((note or {}).items())))
    onnx.checker.check_model(made)
    return made


def save(params: network.Parameters, path: str | Path, note: Mapping[str, str] | None = None) -> Path:
    """Write the graph of `model`, atomically; the same parameters give the same bytes.

    Raises:
        BadFile: it cannot be written.
    """
    return files.write(path, model(params, note).SerializeToString(deterministic=True))


def write(run: Run, path: str | Path) -> Path:
    """Write the policy of a run; its recipe's tables on observations and actions travel with the file.

    Raises:
        BadRun: the run has no policy.
        BadFile: its policy is damaged, or the file cannot be written.
    """
    params = folder.policy_of(run)
    tables = config.parse(config.read_text(run.settings), name=str(run.settings))
    note = {name: json.dumps(tables[name], sort_keys=True) for name in ("actions", "observation") if name in tables}
    return save(params, path, note | {"run": run.name, "embodiment": run.manifest.embodiment})


def _width(params: network.Parameters) -> int:
    first = params["actor"].get("0", params["actor"]["out"])
    return len(first["router"] if "router" in first else first["w"])


def _normalised(graph: _Graph, statistics: Mapping[str, np.ndarray]) -> str:
    """As `normalize.apply`."""
    deviation = np.sqrt(np.asarray(statistics["variance"], np.float32) + np.float32(normalize.FLOOR))
    centred = graph.add("Sub", INPUT, graph.constant(statistics["mean"], "normaliser/mean"))
    scaled = graph.add("Div", centred, graph.constant(deviation, "normaliser/deviation"))
    limit = np.float32(normalize.LIMIT)
    return graph.add("Clip", scaled, graph.constant(-limit), graph.constant(limit))


def _layer(graph: _Graph, layer: Mapping[str, np.ndarray], name: str, signal: str) -> str:
    linear = _experts(graph, layer, name, signal) if "router" in layer else _linear(graph, layer, name, signal)
    weights = (graph.constant(layer[part], f"{name}/{part}") for part in ("scale", "offset"))
    settings = {"axis": -1, "epsilon": network.EPSILON}
    fresh = graph.silu(graph.add("LayerNormalization", linear, *weights, settings=settings))
    if "gate" not in layer:
        return fresh
    around = signal
    if "shortcut" in layer:
        around = graph.add("MatMul", signal, graph.constant(layer["shortcut"], f"{name}/shortcut"))
    share = graph.constant(1.0 / (1.0 + np.exp(-np.float32(layer["gate"]))), f"{name}/share")
    return graph.add("Add", around, graph.add("Mul", share, fresh))


def _linear(graph: _Graph, layer: Mapping[str, np.ndarray], name: str, signal: str) -> str:
    product = graph.add("MatMul", signal, graph.constant(layer["w"], f"{name}/w"))
    return graph.add("Add", product, graph.constant(layer["b"], f"{name}/b"))


def _experts(graph: _Graph, layer: Mapping[str, np.ndarray], name: str, signal: str) -> str:
    """Every expert answers, (batch, E, 1, out); the router's shares weigh them."""
    router = np.asarray(layer["router"]) / np.float32(layer["temperature"])
    heat = graph.add("MatMul", signal, graph.constant(router, f"{name}/router"))
    share = graph.unsqueezed(graph.add("Softmax", heat, settings={"axis": -1}), (2, 3))
    rows = graph.unsqueezed(signal, (1, 2))  # (batch, 1, 1, in)
    for weight, bias in (("enter", "enter_b"), ("w", "b")):
        product = graph.add("MatMul", rows, graph.constant(layer[weight], f"{name}/{weight}"))
        constant = graph.constant(np.asarray(layer[bias])[:, None], f"{name}/{bias}")
        rows = graph.add("Add", product, constant)
        rows = graph.silu(rows) if weight == "enter" else rows
    return graph.summed(graph.add("Mul", share, rows), (1, 2))


def _skipped(graph: _Graph, table: np.ndarray) -> str:
    """As `skip.apply`: the maps at the two nearest phases of the row that the stance flags choose."""
    table = np.asarray(table)
    knots, first, last = table.shape[1], skip.SCHEDULE, skip.width(table)
    place = graph.add("Mul", graph.columns(INPUT, 0, 1), graph.constant(np.float32(knots)))
    before = graph.add("Floor", place)
    share = graph.add("Sub", place, before)
    whole, one = {"to": TensorProto.INT64}, graph.constant(np.int64(1))
    low = graph.add("Cast", before, settings=whole)
    flags = graph.add("Greater", graph.columns(INPUT, 1, first), graph.constant(np.float32(0.5)))
    sides = graph.add("Cast", flags, settings={"to": TensorProto.FLOAT})
    row = graph.add("MatMul", sides, graph.constant(np.array([[2.0 * knots], [knots]])))
    row = graph.add("Cast", row, settings=whole)
    total = graph.constant(np.int64(knots))
    places = [graph.add("Add", row, graph.add("Mod", at, total)) for at in (low, graph.add("Add", low, one))]
    chosen = graph.add("Concat", *places, settings={"axis": 1})  # (batch, 2)
    weight = graph.add("Concat", graph.add("Sub", graph.constant(np.float32(1.0)), share), share, settings={"axis": 1})
    maps = graph.add("Gather", graph.constant(table.reshape(-1, *table.shape[2:]), "skip/table"), chosen)
    errors = graph.unsqueezed(graph.columns(INPUT, first, last), (1, 2))  # (batch, 1, 1, inputs)
    linear, constant = (
        graph.add("Slice", maps, *(graph.constant(np.array([x])) for x in (*part, 2)))
        for part in ((0, last - first), (last - first, last - first + 1))
    )
    both = graph.add("Add", graph.add("MatMul", errors, linear), constant)  # (batch, 2, 1, actions)
    return graph.summed(graph.add("Mul", graph.unsqueezed(weight, (2, 3)), both), (1, 2))
