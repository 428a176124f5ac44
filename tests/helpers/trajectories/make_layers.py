"""Make layers.npz in this folder: PyTorch's norms, and a net of many kinds of layers in training.

Run it with PyTorch 2.13:

    PYTHONPATH=tests/helpers python -m trajectories.make_layers

Everything is float64 on one thread.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent
WIDTH, ROWS = 5, (8, 8, 3)  # three minibatches, the last one short
NORMS = {
    "batch_norm": nn.BatchNorm1d(WIDTH, momentum=0.3, eps=1e-3),
    "batch_norm, not affine": nn.BatchNorm1d(WIDTH, affine=False),
    "layer_norm": nn.LayerNorm(WIDTH),
    "layer_norm, no bias": nn.LayerNorm(WIDTH, bias=False, eps=1e-2),
    "layer_norm, not affine": nn.LayerNorm(WIDTH, elementwise_affine=False),
    "rms_norm": nn.RMSNorm(WIDTH, eps=1e-5),
    "rms_norm, not affine": nn.RMSNorm(WIDTH, eps=1e-3, elementwise_affine=False),
}


def flat(values: list[torch.Tensor | None]) -> np.ndarray:
    """All numbers in a row."""
    return torch.cat([v.detach().flatten() for v in values if v is not None]).numpy()


def run_norm(norm: nn.Module) -> dict[str, np.ndarray]:
    """What goes in, and for each minibatch a flat [output, dX, dgamma, dbeta]; then in eval mode.

    The statistics are [mean, variance] after all minibatches.
    """
    norm.double().train()
    own = [p for p in (getattr(norm, "weight", None), getattr(norm, "bias", None)) if p is not None]
    stored = {}
    for p in own:
        p.data = torch.randn(WIDTH, dtype=torch.float64)
    if own:
        stored["gamma"] = own[0].detach().numpy().copy()
    if len(own) > 1:
        stored["beta"] = own[1].detach().numpy().copy()
    for step, rows in enumerate((*ROWS, ROWS[0])):
        if step == len(ROWS):
            norm.eval()
        X = 1 + 2 * torch.randn(rows, WIDTH, dtype=torch.float64)
        X.requires_grad_(True)
        slope = torch.randn(rows, WIDTH, dtype=torch.float64)
        output = norm(X)
        stored[f"X{step}"], stored[f"slope{step}"] = X.detach().numpy(), slope.numpy()
        gradients = torch.autograd.grad((output * slope).sum(), [X, *own])
        stored[f"result{step}"] = flat([output, *gradients])
    if isinstance(norm, nn.BatchNorm1d):
        stored["statistics"] = flat([norm.running_mean, norm.running_var])
    return stored


class Block(nn.Module):
    """An embedding, a residual block with batch norm and a projection, layer norm, RMS norm."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(3, 2)
        self.one, self.norm_one = nn.Linear(5, 6), nn.BatchNorm1d(6)
        self.two, self.norm_two = nn.Linear(6, 6), nn.BatchNorm1d(6)
        self.projection = nn.Linear(5, 6)
        self.layer_norm, self.rms_norm = nn.LayerNorm(6), nn.RMSNorm(6, eps=1e-5)
        self.last = nn.Linear(6, 3)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Column 1 holds categories."""
        joined = torch.cat([X[:, [0, 2, 3]], self.table(X[:, 1].long())], dim=1)
        branch = self.norm_two(self.two(torch.tanh(self.norm_one(self.one(joined)))))
        a = torch.relu(branch + self.projection(joined))
        return self.last(self.rms_norm(self.layer_norm(a)))

    def in_order(self) -> list[torch.Tensor]:
        """Parameters in the order of pybp's layers, weights before biases."""
        layers = [self.one, self.norm_one, self.two, self.norm_two, self.projection]
        layers += [self.layer_norm, self.rms_norm, self.last]
        pairs = [(layer.weight, getattr(layer, "bias", None)) for layer in layers]
        return [self.table.weight.T, *(p for pair in pairs for p in pair if p is not None)]


def run_block() -> dict[str, np.ndarray]:
    """Twenty steps of SGD over four minibatches, the last one short: parameters and losses."""
    net = Block().double().train()
    X = torch.randn(50, 4, dtype=torch.float64)
    X[:, 1] = torch.randint(3, (50,))
    y = torch.randint(3, (50,))
    stored = {"X": X.numpy(), "y": y.numpy(), "before": flat(net.in_order())}
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for _ in range(5):
        for start in range(0, 50, 16):
            rows = slice(start, start + 16)
            loss = nn.functional.cross_entropy(net(X[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    net.eval()
    stored |= {"after": flat(net.in_order()), "losses": np.array(losses)}
    norms = (net.norm_one, net.norm_two)
    stored["statistics"] = flat([v for n in norms for v in (n.running_mean, n.running_var)])
    stored["output"] = torch.softmax(net(X), dim=1).detach().numpy()
    return stored


def main() -> None:
    """Write the file."""
    torch.set_num_threads(1)
    torch.manual_seed(7)
    results = {name: run_norm(norm) for name, norm in NORMS.items()} | {"block": run_block()}
    arrays = {f"{name}/{key}": v for name, stored in results.items() for key, v in stored.items()}
    np.savez_compressed(HERE / "layers.npz", **arrays)


if __name__ == "__main__":
    main()
