"""Make the PyTorch data in this folder: optimizers.npz and gradients.npz.

Run it with PyTorch 2.13 or newer when a case, an activation or a loss is added:

    PYTHONPATH=tests/helpers python -m trajectories.make_trajectories [optimizers] [gradients]

Everything is float64 on one thread.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from trajectories.cases import CASES, LOSS_CASES, LOSS_OUTPUT, STEPS, targets_for

HERE = Path(__file__).parent

# ---- optimizers: six parameters (W is 2 x 2, b has 2) on a quartic bowl ----

START = ([[1.5, -1.0], [0.5, 2.0]], [-1.5, 0.8])
MINIMUM = torch.tensor([0.3, 0.4, -0.7, 0.1, 0.2, -0.5], dtype=torch.float64)
# Steep and flat directions: the flat ones tell where eps enters.
CURVATURE = torch.tensor([3.0, 1.0, 0.1, 1e-2, 2.0, 1e-6], dtype=torch.float64)


def bowl(W: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """sum c d^2 / 2 + (c d^2 / 2)^2 + a coupling of neighbours, d the distance from the minimum."""
    d = torch.cat([W.flatten(), b]) - MINIMUM
    valley = 0.5 * CURVATURE * d**2
    return valley.sum() + (valley**2).sum() + 0.1 * (CURVATURE[1:] * d[1:] * d[:-1]).sum()


class Lion(torch.optim.Optimizer):
    """The program of Chen et al. (2023), on tensors: PyTorch has no Lion of its own."""

    def __init__(
        self,
        params: Any,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        """One update of all parameters."""
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                update = m * beta1 + p.grad * (1 - beta1)
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update.sign(), alpha=-group["lr"])
                m.mul_(beta2).add_(p.grad, alpha=1 - beta2)


def torch_optimizer(
    name: str, params: dict[str, Any], groups: list[dict[str, Any]], lr: float
) -> Any:
    """The torch.optim class with pybp's parameters, unfused and without foreach."""
    params = dict(params)
    if "beta1" in params or "beta2" in params:
        params["betas"] = (
            params.pop("beta1", 0.9),
            params.pop("beta2", 0.99 if name == "lion" else 0.999),
        )
    if "eta_minus" in params:
        params["etas"] = (params.pop("eta_minus"), params.pop("eta_plus"))
        params["step_sizes"] = (params.pop("step_min"), params.pop("step_max"))
    if name == "lion":
        return Lion(groups, lr=lr, **params)
    classes = {
        "sgd": torch.optim.SGD,
        "adagrad": torch.optim.Adagrad,
        "rmsprop": torch.optim.RMSprop,
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "adadelta": torch.optim.Adadelta,
        "adamax": torch.optim.Adamax,
        "radam": torch.optim.RAdam,
        "nadam": torch.optim.NAdam,
        "rprop": torch.optim.Rprop,
    }
    return classes[name](groups, lr=lr, foreach=False, **params)


def run(
    optimizer: str, lr: float | list[float], params: dict[str, Any], common: dict[str, Any]
) -> Any:
    """Parameters before the first and after each step, and the gradients before clipping."""
    W, b = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START)
    rates = lr if isinstance(lr, list) else [lr] * STEPS
    factor = common.get("bias_lr_factor", 1.0)
    biases: dict[str, Any] = {"params": [b], "lr": rates[0] * factor}
    if common.get("no_bias_decay"):
        biases["weight_decay"] = 0.0
    opt = torch_optimizer(optimizer, params, [{"params": [W]}, biases], rates[0])
    flat = [torch.cat([W.flatten(), b]).detach().clone()]
    gradients = []
    for rate in rates:
        opt.param_groups[0]["lr"] = rate
        opt.param_groups[1]["lr"] = rate * factor
        opt.zero_grad()
        bowl(W, b).backward()
        gradients.append(torch.cat([W.grad.flatten(), b.grad]).clone())
        if "clip_norm" in common:
            torch.nn.utils.clip_grad_norm_([W, b], common["clip_norm"])
        if "clip_value" in common:
            torch.nn.utils.clip_grad_value_([W, b], common["clip_value"])
        opt.step()
        flat.append(torch.cat([W.flatten(), b]).detach().clone())
    return torch.stack(flat).numpy(), torch.stack(gradients).numpy()


# ---- gradients of a 3-4-3 net, for each activation and loss ----

ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softmax": lambda z: torch.softmax(z, dim=1),
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "hard_sigmoid": lambda z: F.relu6(z + 3) / 6,  # F.hardsigmoid takes 1/6 as a float
    "hard_swish": F.hardswish,
    "relu6": F.relu6,
}
ELEMENTWISE = [name for name in ACTIVATIONS if name != "softmax"]


def binary_cross_entropy(z: Any, a: Any, y: Any, pos_weight: Any = 1.0) -> Any:
    """PyTorch's, with pos_weight as a number or a sequence."""
    p = torch.as_tensor(pos_weight, dtype=torch.float64)
    return F.binary_cross_entropy_with_logits(z, y, pos_weight=p, reduction="none")


def quantile(z: Any, a: Any, y: Any, q: Any = 0.5) -> Any:
    """The pinball loss; y is a column for each output, or one that all share."""
    q = torch.as_tensor(q, dtype=torch.float64)
    return torch.maximum(q * (y - a), (q - 1) * (y - a))


# Losses from the output's z and a: of each row, or of each output, whose mean is the row's.
# PyTorch has no pinball, log cosh or hinge loss: these are their formulas, differentiated by it.
LOSSES = {
    "squared_error": lambda z, a, y: 0.5 * ((a - y) ** 2).sum(1),
    "mse": lambda z, a, y: F.mse_loss(a, y, reduction="none"),
    "cross_entropy": lambda z, a, y, **o: F.cross_entropy(z, y, reduction="none", **o),
    "binary_cross_entropy": binary_cross_entropy,
    "mae": lambda z, a, y: F.l1_loss(a, y, reduction="none"),
    "huber": lambda z, a, y, **o: F.huber_loss(a, y, reduction="none", **o),
    "log_cosh": lambda z, a, y: torch.log(torch.cosh(a - y)),
    "quantile": quantile,
    "poisson": lambda z, a, y: F.poisson_nll_loss(a, y, log_input=True, reduction="none"),
    "hinge": lambda z, a, y: (1 - y * a).clamp(min=0),
    "squared_hinge": lambda z, a, y: (1 - y * a).clamp(min=0) ** 2,
}


def triples() -> list[tuple[str, str, str]]:
    """Each hidden activation before softmax, and each output with each of its losses behind tanh."""
    pairs = [
        (output, loss)
        for loss in LOSSES
        for output in ([LOSS_OUTPUT[loss]] if loss in LOSS_OUTPUT else ACTIVATIONS)
    ]
    before_softmax = [(hidden, "softmax", "cross_entropy") for hidden in ELEMENTWISE]
    return before_softmax + [("tanh", *pair) for pair in pairs if pair != before_softmax[0][1:]]


def make_gradients() -> dict[str, np.ndarray]:
    """The inputs, and for each "hidden/output/loss" a flat [L, dW1, db1, dW2, db2, dX].

    L is the mean over the rows, weighted with the stored weights.  The names of LOSS_CASES stand
    for a loss with parameters.
    """
    torch.manual_seed(7)
    n_rows, sizes = 5, (3, 4, 3)
    shapes = {"X": (n_rows, 3), "W1": (4, 3), "b1": (4,), "W2": (3, 4), "b2": (3,)}
    data = {name: torch.randn(shape, dtype=torch.float64) for name, shape in shapes.items()}
    data["y"] = torch.softmax(torch.randn(n_rows, sizes[-1], dtype=torch.float64), dim=1)
    data["weights"] = torch.tensor([1.0, 0.25, 0.0, 3.0, 0.5], dtype=torch.float64)
    stored = {name: value.numpy().copy() for name, value in data.items()}
    for name in ("W1", "b1", "W2", "b2", "X"):
        data[name].requires_grad_(True)
    cases = [(*triple, {"loss": triple[2], "params": {}}) for triple in triples()]
    cases += [
        ("tanh", LOSS_OUTPUT.get(case["loss"], "identity"), name, case)
        for name, case in LOSS_CASES.items()
    ]
    for hidden, output, name, case in cases:
        y: Any = torch.tensor(targets_for(case["loss"], stored["y"], case.get("columns")))
        y = y.argmax(1) if case.get("labels") else y
        a = ACTIVATIONS[hidden](data["X"] @ data["W1"].T + data["b1"])
        z = a @ data["W2"].T + data["b2"]
        w = data["weights"]
        rows = LOSSES[case["loss"]](z, ACTIVATIONS[output](z), y, **case["params"])
        value = ((rows.mean(1) if rows.ndim == 2 else rows) * w).sum() / w.sum()
        wanted = [data[name] for name in ("W1", "b1", "W2", "b2", "X")]
        gradients = torch.autograd.grad(value, wanted)
        flat = torch.cat([value.detach().reshape(1), *(g.flatten() for g in gradients)])
        stored[f"{hidden}/{output}/{name}"] = flat.numpy()
    return stored


def main() -> None:
    """Write both files, or those that are named."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)  # also of numbers in the state, as NAdam's product
    wanted = sys.argv[1:] or ["optimizers", "gradients"]
    if "optimizers" in wanted:
        trajectories = {}
        for name, case in CASES.items():
            trajectories[f"{name}/parameters"], trajectories[f"{name}/gradients"] = run(**case)
        np.savez_compressed(HERE / "optimizers.npz", **trajectories)
    if "gradients" in wanted:
        np.savez_compressed(HERE / "gradients.npz", **make_gradients())


if __name__ == "__main__":
    main()
