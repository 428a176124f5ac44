"""Nets of all kinds of layers for the tests."""

from pybp import (
    Activation,
    AlphaDropout,
    BatchNorm,
    Concat,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    GroupedDense,
    LayerNorm,
    ParametricActivation,
    Periodic,
    PeriodicEmbedding,
    Residual,
    RMSNorm,
    Scale,
    activations,
    initializers,
)
from pybp.layers import LayerSpec

# A layer of each kind that may stand between two dense layers.
ONE_OF_EACH = {
    "dense": Dense(9, "tanh", bias=False),
    "activation": Activation("tanh"),
    "parametric_activation": ParametricActivation("tanh", lr_factor=1.0),
    "grouped_dense": GroupedDense(3, 2, "tanh"),
    "periodic": Periodic(2),
    "concat": Concat([Dense(3, "tanh")]),
    "batch_norm": BatchNorm(momentum=0.3, eps=1e-3),
    "layer_norm": LayerNorm(eps=1e-3),
    "rms_norm": RMSNorm(eps=1e-3, bias=True),
    "scale": Scale(bias=True),
    "dropout": Dropout(0.3),
    "alpha_dropout": AlphaDropout(0.2),
    "gaussian_noise": GaussianNoise(0.5),
    "add": Residual([Dense(9, "tanh")]),
}
VARIANTS = [
    GroupedDense(9, 20, bias=False),
    GroupedDense(1, 3, "softplus", init="lecun_normal", bias_init=0.25, bias_std=0.5),
    Periodic(5, [1, 4, 8], init=initializers.Normal(0.3)),
    Concat([GroupedDense(3, 3, "tanh"), Residual([Dense(9, "tanh")])]),
    ParametricActivation(activations.Softplus(), lr_factor=1.0),
    ParametricActivation("mish", lr_factor=1.0),
    BatchNorm(affine=False),
    BatchNorm(momentum=1.0),
    LayerNorm(affine=False),
    LayerNorm(bias=False),
    RMSNorm(),
    RMSNorm(affine=False),
    Scale(),
    Dropout(0.0),
    Residual([Dense(5, "tanh")]),
    Residual([Dense(9, "tanh")], projection=True),
    Residual([Dense(5)], projection=Dense(5, "tanh", bias=False), activation="tanh"),
]
POST = Residual(
    [Dense(9), BatchNorm(), Activation("tanh"), Dropout(0.25), Dense(9), BatchNorm()],
    activation="tanh",
)
PRE = Residual([LayerNorm(), Activation("tanh"), Dense(9), RMSNorm(), Activation("tanh"), Dense(9)])
NESTED = Residual(
    [
        Dense(7),
        Residual([BatchNorm(), Activation("tanh"), Dense(7), GaussianNoise(0.1)]),
        Residual([Dense(4, "tanh"), Residual([Dense(4, "tanh"), Scale()])], activation="tanh"),
        AlphaDropout(0.1),
    ],
    activation="tanh",
)
# Lists of layers for 6 inputs and 3 outputs. Smooth, so that differences see no kinks.
NETS = {
    **{name: [6, 9, layer, 3] for name, layer in ONE_OF_EACH.items()},
    **{repr(layer): [6, 9, layer, 3] for layer in VARIANTS},
    "post-activation": [6, 9, POST, POST, 3],
    "pre-activation": [6, 9, PRE, PRE, 3],
    "nested": [6, 9, NESTED, 3],
    "residual first": [6, Residual([Dense(6, "tanh")]), 3],
    "residual last": [6, 3, Residual([Dense(3)])],
    "embedded numbers": [6, PeriodicEmbedding([1, 2, 5], 7, 2, lr_factor=1.0), 9, 3],
    "embedded numbers and categories": [
        6,
        Embedding({1: (5, 4), 4: 3}),
        PeriodicEmbedding([0, 3], lr_factor=1.0),
        9,
        3,
    ],
    "norm first": [6, BatchNorm(), 9, LayerNorm(), 3],
    "dropout on the input": [6, Dropout(0.2), 9, 3],
    "residual of dropout alone": [6, 9, Residual([Dropout(0.5)]), 3],
    "norms in a row": [6, BatchNorm(), LayerNorm(), RMSNorm(), Scale(), Dropout(0.2), 3],
    "embedding": [6, Embedding({1: (5, 4), 4: 3}), 9, 3],
    "embedding and norms": [
        6,
        Embedding({0: (5, 2), 1: (5, 3), 4: (3, 2)}),
        LayerNorm(),
        Residual([Dense(4, "tanh"), BatchNorm(), Dropout(0.3)]),
        3,
    ],
    "nothing but embeddings": [6, Embedding([4, 5, 6, 7, (3, 2), (2, 1)]), BatchNorm(), 3],
    "initialisers": [
        6,
        Embedding({1: (5, 4)}, init=initializers.Uniform(0.3)),
        Dense(9, "tanh", init="lecun_normal", bias_init=0.25, bias_std=0.5),
        3,
    ],
}
# Options of dense layers that change their training.
OPTIONS = [
    {"l1": 0.01},
    {"l2": 0.1},
    {"l1": 0.02, "l2": 0.3},
    {"lr_factor": 0.3},
    {"lr_factor": 2.0, "bias_lr_factor": 0.1},
    {"bias_lr_factor": 0.0},
    {"lr_factor": 0.0},
    {"max_norm": 0.4},
    {"trainable": False},
    {"trainable": False, "l1": 1.0, "max_norm": 0.1},
    {"parametrization": "ntk", "init": "normal"},
    {"parametrization": "ntk", "l1": 0.01, "l2": 0.1, "max_norm": 2.0, "lr_factor": 3.0},
]
# The nets, and some with a layer that is trained differently from the others.
OTHERS = [
    Scale(lr_factor=0.5),
    Scale(trainable=False),
    ParametricActivation("silu", trainable=False),
]
OTHERS += [
    Periodic(2, l1=0.01, l2=0.1, lr_factor=0.3),
    Periodic(2, bias_lr_factor=0.2),
    Periodic(2, trainable=False),
    GroupedDense(3, 2, l1=0.01, l2=0.1, lr_factor=0.3, max_norm=0.4),
    GroupedDense(3, 2, bias_lr_factor=0.2, parametrization="ntk"),
    GroupedDense(3, 2, trainable=False),
]
TRAINED = NETS | {repr(layer): [6, 9, layer, 3] for layer in OTHERS}


def specs(layers):
    """The layers of a list, without plain numbers, with those inside residuals."""
    for entry in layers:
        if isinstance(entry, LayerSpec) and not isinstance(entry, PeriodicEmbedding):
            yield entry
        if isinstance(entry, Residual):
            yield from specs([*entry.layers, entry.projection])
        if isinstance(entry, Concat):
            yield from specs(entry.layers)


def inputs(layers, rows, rng, dtype="float64"):
    """Normal inputs, with categories where an embedding reads them."""
    X = rng.normal(size=(rows, layers[0])).astype(dtype)
    for entry in layers[1:]:
        if isinstance(entry, Embedding):
            for column, (n_categories, _) in entry.columns.items():
                X[:, column] = rng.integers(n_categories, size=rows)
    return X


def disturb(net, rng):
    """Give a net biases, factors and running statistics other than 0 and 1."""
    net.biases = [None if b is None else b + rng.normal(size=b.shape) / 3 for b in net.biases]
    net.weights = [None if W is None else W + rng.normal(size=W.shape) / 9 for W in net.weights]
    net.running_statistics = [
        pair and (rng.normal(size=pair[0].shape) / 3, rng.uniform(0.5, 2, size=pair[1].shape))
        for pair in net.running_statistics
    ]
