"""JAX: an epoch is one compiled function, a `lax.scan` over minibatches that it shuffles, with donated buffers."""

from functools import partial

import jax
import jax.numpy as jnp

from peers import Peer

BETA1, BETA2, EPS, RATE = 0.9, 0.999, 1e-8, 1e-4


def forward(cell, params, x):
    activation = jax.nn.relu if cell.hidden == "relu" else jnp.tanh
    for i, (w, b) in enumerate(params):
        x = x @ w + b
        if i < len(params) - 1:
            x = activation(x)
    return x


def loss(cell, params, x, y):
    z = forward(cell, params, x)
    if cell.classifies:
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))
    return jnp.mean((z - y) ** 2) if cell.loss == "mse" else 0.5 * jnp.sum((z - y) ** 2) / len(y)


def adam(params, state, grads):
    m, v, t = state
    t += 1
    m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, grads)
    v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, grads)
    rate, scale = RATE / (1 - BETA1**t), 1 / (1 - BETA2**t)
    params = jax.tree.map(
        lambda p, m, v: p - (rate * m / (jnp.sqrt(v * scale) + EPS)).astype(p.dtype), params, m, v
    )
    return params, (m, v, t)


def sgd(params, state, grads):
    return jax.tree.map(lambda p, g: p - RATE * g, params, grads), state


class Jax(Peer):
    distribution = "jax"
    usage = "an epoch is one `jit`, `lax.scan` over shuffled minibatches, donated buffers"
    most_steps = 1024

    def params(self, cell):
        jax.config.update("jax_enable_x64", cell.dtype == "f64")
        dtype = jnp.float32 if cell.dtype == "f32" else jnp.float64
        keys = jax.random.split(jax.random.key(0), len(cell.products))
        return [
            (jax.random.normal(key, (n_in, n_out), dtype) / n_in**0.5, jnp.zeros(n_out, dtype))
            for key, (n_in, n_out) in zip(keys, cell.products, strict=True)
        ]

    def train(self, cell, data):
        params = self.params(cell)
        X, y = jnp.asarray(data.X), jnp.asarray(data.y)
        update = adam if cell.optimizer == "adam" else sgd
        zeros = jax.tree.map(jnp.zeros_like, params)
        state = (zeros, jax.tree.map(jnp.zeros_like, params), jnp.zeros((), params[0][0].dtype))

        @partial(jax.jit, donate_argnums=(0, 1, 2))
        def epoch(params, state, key, X, y):
            key, draw = jax.random.split(key)
            order = jax.random.permutation(draw, len(X)).reshape(data.steps, cell.batch)

            def step(carry, rows):
                params, state = carry
                grads = jax.grad(partial(loss, cell))(params, X[rows], y[rows])
                return update(params, state, grads), None

            (params, state), _ = jax.lax.scan(step, (params, state), order)
            return params, state, key

        carried = [params, state if cell.optimizer == "adam" else (), jax.random.key(1)]

        def run():
            carried[:] = epoch(*carried, X, y)
            jax.block_until_ready(carried[0])

        return run

    def predict(self, cell, X):
        params = self.params(cell)
        X = jnp.asarray(X)

        @jax.jit
        def outputs(params, X):
            z = forward(cell, params, X)
            return jax.nn.softmax(z) if cell.classifies else z

        return lambda: outputs(params, X).block_until_ready()
