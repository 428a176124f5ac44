"""ONNX Runtime: inference through `run`, and with inputs and outputs that are bound once."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from peers import Peer

OPERATORS = {"relu": "Relu", "tanh": "Tanh"}


def model(cell, dtype):
    """The net as an ONNX model."""
    kind = TensorProto.FLOAT if cell.dtype == "f32" else TensorProto.DOUBLE
    rng, nodes, weights, here = np.random.default_rng(0), [], [], "x"
    for i, (n_in, n_out) in enumerate(cell.products):
        w = (rng.standard_normal((n_in, n_out)) / n_in**0.5).astype(dtype)
        weights += [
            numpy_helper.from_array(w, f"w{i}"),
            numpy_helper.from_array(np.zeros(n_out, dtype), f"b{i}"),
        ]
        nodes.append(helper.make_node("Gemm", [here, f"w{i}", f"b{i}"], [f"z{i}"]))
        last = i == len(cell.products) - 1
        here = f"z{i}"
        if not last or cell.classifies:
            nodes.append(
                helper.make_node("Softmax" if last else OPERATORS[cell.hidden], [here], [f"a{i}"])
            )
            here = f"a{i}"
    ends = [
        helper.make_tensor_value_info(name, kind, (cell.batch, n))
        for name, n in (("x", cell.sizes[0]), (here, cell.sizes[-1]))
    ]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], weights)
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=9).SerializeToString()


class OnnxRuntime(Peer):
    distribution = "onnxruntime"
    usage = "`InferenceSession.run`"

    def refuses(self, cell):
        return None if cell.work == "predict" else "only predicts"

    def session(self, cell, X):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(model(cell, X.dtype), options, ["CPUExecutionProvider"])

    def predict(self, cell, X):
        session = self.session(cell, X)
        return lambda: session.run(None, {"x": X})


class OnnxRuntimeBound(OnnxRuntime):
    usage = "`run_with_iobinding`, input and output bound once"

    def predict(self, cell, X):
        session = self.session(cell, X)
        binding = session.io_binding()
        name = session.get_outputs()[0].name
        out = np.empty((len(X), cell.sizes[-1]), X.dtype)
        binding.bind_ortvalue_input("x", onnxruntime.OrtValue.ortvalue_from_numpy(X))
        binding.bind_ortvalue_output(name, onnxruntime.OrtValue.ortvalue_from_numpy(out))
        return lambda: session.run_with_iobinding(binding)
