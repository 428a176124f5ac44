"""Write the ONNX files of tests/export/onnx/files: as PyTorch, Keras and skl2onnx write MLPs.

    python make_onnx_files.py [torch] [sklearn] [keras]

Needs torch with onnx and onnxscript, skl2onnx, and keras, which runs on torch. Each file has a sibling .npz
with inputs X and the outputs Y of the library that wrote it.
"""

import os
import sys
import warnings
from pathlib import Path

import numpy as np

FILES = Path(__file__).parents[2] / "export" / "onnx" / "files"


def keep(name, X, Y):
    np.savez_compressed(FILES / f"{name}.npz", X=X, Y=np.asarray(Y))


def strip(path):
    """Remove the positions in source files, which say where the exporter ran."""
    import onnx

    model = onnx.load(path)
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info):
        del part.metadata_props[:]
        part.doc_string = ""
    for part in (*model.graph.input, *model.graph.output, *model.graph.initializer):
        del part.metadata_props[:]
    path.write_bytes(model.SerializeToString())


def with_torch():
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self, branch, projection=None):
            super().__init__()
            self.branch, self.projection = branch, projection

        def forward(self, x):
            return self.branch(x) + (x if self.projection is None else self.projection(x))

    class Flat(nn.Module):
        def forward(self, x):
            return x.view(x.size(0), -1)

    torch.manual_seed(0)
    activations = [nn.ReLU(), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish(), nn.Softplus()]
    activations += [nn.ELU(0.7), nn.LeakyReLU(0.3), nn.SELU(), nn.Hardsigmoid(), nn.Hardswish()]
    activations += [nn.ReLU6(), nn.Softsign(), nn.Tanh(), nn.Sigmoid()]
    chain = [part for f in activations for part in (nn.Linear(5, 5), f)]
    branch = nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 6))
    nets = {
        "activations": nn.Sequential(*chain, nn.Linear(5, 3), nn.Softmax(dim=-1)),
        "blocks": nn.Sequential(
            *(nn.Linear(5, 6, bias=False), nn.BatchNorm1d(6), nn.ReLU(), Block(branch)),
            *(nn.LayerNorm(6), Block(nn.Sequential(nn.Linear(6, 4), nn.Tanh()), nn.Linear(6, 4))),
            *(nn.Dropout(0.3), nn.LayerNorm(4, elementwise_affine=False), nn.Linear(4, 2)),
        ),
        "flat": nn.Sequential(Flat(), nn.Linear(5, 4), nn.ReLU(), nn.Flatten(), nn.Linear(4, 1)),
    }
    nets["doubles"] = nn.Sequential(nn.Linear(5, 4), nn.GELU(), nn.LayerNorm(4), nn.SELU()).double()
    for name, net in nets.items():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
        net.eval()
        X = torch.randn(20, 5, dtype=next(net.parameters()).dtype)
        for way in ("script", "dynamo"):
            options = (
                {"dynamo": True, "dynamic_shapes": ({0: torch.export.Dim("N")},)}
                if way == "dynamo"
                else {"dynamo": False, "dynamic_axes": {"x": {0: "N"}}, "opset_version": 17}
            )
            path = FILES / f"torch-{way}-{name}.onnx"
            torch.onnx.export(net, (X,), path, input_names=["x"], external_data=False, **options)
            strip(path)
            keep(path.stem, X.numpy(), net(X).detach().numpy())


def with_sklearn():
    from skl2onnx import to_onnx
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X = np.random.default_rng(0).normal(size=(90, 4)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    options = {"max_iter": 9, "random_state": 0}
    scaled = make_pipeline(StandardScaler(), MLPClassifier((5, 3), **options))
    models = {
        "binary": (MLPClassifier((5,), "logistic", **options), y),
        "classes": (scaled, y + 2 * (X[:, 1] > 0)),
        "labels": (MLPClassifier((5,), **options), np.column_stack([y, 1 - y, X[:, 1] > 0])),
        "numbers": (MLPRegressor(hidden_layer_sizes=(5,), activation="tanh", **options), X[:, 0]),
    }
    for name, (model, target) in models.items():
        model.fit(X, target)
        (FILES / f"sklearn-{name}.onnx").write_bytes(to_onnx(model, X[:1]).SerializeToString())
        predict = getattr(model, "predict_proba", model.predict)
        Y = predict(X[:20])
        keep(f"sklearn-{name}", X[:20], Y[:, 1:] if name == "binary" else Y)


def with_keras():
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    x = keras.Input((5,))
    h = layers.Dense(6, use_bias=False)(x)
    h = layers.Activation("gelu")(layers.BatchNormalization(epsilon=1e-3)(h))
    h = layers.Add()([h, layers.Dense(6, "swish")(layers.Dropout(0.2)(h))])
    h = layers.LeakyReLU(negative_slope=0.2)(layers.Dense(7)(h))
    model = keras.Model(x, layers.Dense(3, "softmax")(h))
    X = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)
    model.compile("sgd", "mse")
    model.fit(X, X[:, :3], epochs=5, verbose=0)
    model.export(FILES / "keras-blocks.onnx", format="onnx", verbose=False)
    strip(FILES / "keras-blocks.onnx")
    keep("keras-blocks", X, model.predict(X, verbose=0))


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    FILES.mkdir(exist_ok=True)
    ways = {"torch": with_torch, "sklearn": with_sklearn, "keras": with_keras}
    for chosen in sys.argv[1:] or ways:
        ways[chosen]()
