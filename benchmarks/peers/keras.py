"""Keras on JAX: compiled steps, many of them per execution, with all data in memory."""

import os

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras

from peers import Peer


class Keras(Peer):
    distribution = "keras"
    usage = "JAX backend, `fit` with `jit_compile=True` and `steps_per_execution` of an epoch, at most 32"

    def train(self, cell, data):
        jax.config.update("jax_enable_x64", cell.dtype == "f64")
        keras.backend.clear_session()
        keras.config.set_floatx("float32" if cell.dtype == "f32" else "float64")
        layers = [keras.Input((cell.sizes[0],))]
        layers += [keras.layers.Dense(n, cell.hidden) for n in cell.sizes[1:-1]]
        model = keras.Sequential([*layers, keras.layers.Dense(cell.sizes[-1])])
        kind = keras.optimizers.Adam if cell.optimizer == "adam" else keras.optimizers.SGD
        losses = keras.losses
        loss = losses.SparseCategoricalCrossentropy(from_logits=True) if cell.classifies else "mse"
        model.compile(kind(1e-4), loss, jit_compile=True, steps_per_execution=min(32, data.steps))
        return lambda: model.fit(
            data.X, data.y, batch_size=cell.batch, epochs=1, verbose=0, shuffle=True
        )

    def refuses(self, cell):
        return "not measured" if cell.work == "predict" else None
