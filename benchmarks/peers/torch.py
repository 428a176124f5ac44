"""PyTorch as its performance tuning guide recommends: tensors in memory, fused optimizers, no gradients in inference."""

from functools import partial

import torch
from torch import nn
from torch.nn import functional

from peers import Peer

BETA1, BETA2, EPS, RATE = 0.9, 0.999, 1e-8, 1e-4
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


class Torch(Peer):
    distribution = "torch"
    usage = "eager, fused optimizer, rows by `index_select`; `inference_mode`"

    def __init__(self, threads):
        super().__init__(threads)
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        torch.manual_seed(0)

    def model(self, cell):
        layers = []
        for n_in, n_out in cell.products:
            layers += [nn.Linear(n_in, n_out), ACTIVATIONS[cell.hidden]()]
        dtype = torch.float32 if cell.dtype == "f32" else torch.float64
        return nn.Sequential(*layers[:-1]).to(dtype)

    def loss(self, cell):
        if cell.classifies:
            return functional.cross_entropy
        if cell.loss == "mse":
            return functional.mse_loss
        return lambda z, y: functional.mse_loss(z, y, reduction="sum") * (0.5 / len(y))

    def optimizer(self, cell, model):
        kind = torch.optim.Adam if cell.optimizer == "adam" else torch.optim.SGD
        return kind(model.parameters(), lr=RATE, fused=True)

    def train(self, cell, data):
        X, y = torch.from_numpy(data.X), torch.from_numpy(data.y)
        model = self.model(cell)
        optimizer = self.optimizer(cell, model)
        loss = self.loss(cell)

        def step(x, y):
            optimizer.zero_grad(set_to_none=True)
            loss(model(x), y).backward()
            optimizer.step()

        def epoch():
            for rows in torch.randperm(len(X)).split(cell.batch):
                step(X.index_select(0, rows), y.index_select(0, rows))

        return epoch

    def compiled(self, model):
        return model

    def predict(self, cell, X):
        X, model = torch.from_numpy(X), self.model(cell).eval()
        if cell.classifies:
            model.append(nn.Softmax(dim=1))
        model = self.compiled(model)

        def forward():
            with torch.inference_mode():
                return model(X)

        return forward


class TorchCompiled(Torch):
    """The whole step as one graph, by `torch.func`: faster here than a compiled net with a compiled optimizer."""

    usage = "`torch.compile` of the whole step (`torch.func.grad` and the update); of the net"

    def train(self, cell, data):
        torch._dynamo.reset()
        X, y = torch.from_numpy(data.X), torch.from_numpy(data.y)
        model, loss = self.model(cell), self.loss(cell)
        update = adam if cell.optimizer == "adam" else sgd
        params = {name: value.detach().clone() for name, value in model.named_parameters()}
        zeros = {name: torch.zeros_like(value) for name, value in params.items()}
        carried = [params, (zeros, zeros, torch.zeros((), dtype=X.dtype))]

        def objective(params, x, y):
            return loss(torch.func.functional_call(model, params, (x,)), y)

        @partial(torch.compile, dynamic=False)
        def step(params, state, x, y):
            return update(params, state, torch.func.grad(objective)(params, x, y))

        def epoch():
            with torch.no_grad():
                for rows in torch.randperm(len(X)).split(cell.batch):
                    carried[:] = step(*carried, X.index_select(0, rows), y.index_select(0, rows))

        return epoch

    def compiled(self, model):
        torch._dynamo.reset()
        return torch.compile(model, dynamic=False)


def adam(params, state, grads):
    m, v, t = state
    t = t + 1
    m = {name: torch.lerp(m[name], grads[name], 1 - BETA1) for name in params}
    v = {name: BETA2 * v[name] + (1 - BETA2) * grads[name] * grads[name] for name in params}
    rate, scale = RATE / (1 - BETA1**t), 1 / (1 - BETA2**t)
    new = {
        name: p - rate * m[name] / ((v[name] * scale).sqrt() + EPS) for name, p in params.items()
    }
    return new, (m, v, t)


def sgd(params, state, grads):
    return {name: p - RATE * grads[name] for name, p in params.items()}, state
