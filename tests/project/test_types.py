"""What a type checker says about programs that use pybp."""

import pytest

from project import ROOT

mypy = pytest.importorskip("mypy.api")

PROGRAM = """
import numpy as np
import pybp
from pybp import MLP, Adam, Dense
from pybp.callbacks import EarlyStopping

X, y = np.eye(2), np.zeros(2)
net = MLP([2, Dense(3, "relu", init="he_normal"), 1], activation="tanh", dtype="float64")
history = net.fit(X, y, loss="mse", optimizer=Adam(lr=0.1), metrics=["r2", "top_7"], progress="auto")
reveal_type(history)
reveal_type(net(X))
net.fit(X, y, loss=pybp.losses.Huber, callbacks=[EarlyStopping("val_loss", mode="min")])

MLP([2, 1], activation="rleu")  # E
MLP([2, 1], init="he")  # E
MLP([2, 1], dtype="float16")  # E
Dense(3, "rleu")  # E
net.fit(X, y, loss="msee")  # E
net.fit(X, y, optimizer="adm")  # E
net.fit(X, y, progress="yes")  # E
net.fit(X, y, class_weight="balance")  # E
net.fit(X, y, lr=0.1)  # E
pybp.losses.MSE(reduction="avg")  # E
EarlyStopping(mode="maximum")  # E
MLP(2, 3, 1)  # E

from pybp.sklearn import MLPClassifier, MLPRegressor, TabularMLPClassifier
MLPClassifier((64,), "logistic", solver="sgd", learning_rate="adaptive", batch_size="auto")
MLPClassifier(activation=["relu", "tanh"], loss="log_loss", dropout=[0.1, 0.2])
TabularMLPClassifier(activation="mish", dtype="float64", progress="auto")
MLPClassifier(activation="rleu")  # E
MLPClassifier(solver="adm")  # E
MLPClassifier(learning_rate="adaptiv")  # E
MLPClassifier(batch_size="all")  # E
MLPClassifier(epochs=3)  # E
MLPRegressor(loss="log_loss")  # E
TabularMLPClassifier(dtype="float16")  # E
TabularMLPClassifier(early_stopping=True)  # E
"""


def test_misspelt_names_are_found(tmp_path, monkeypatch):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    options = ["--follow-imports=silent", f"--cache-dir={tmp_path / 'cache'}"]
    output, errors, _ = mypy.run([*options, str(program)])
    assert errors == ""
    wanted = [n for n, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("# E")]
    found = {int(line.split(":")[1]) for line in output.splitlines() if " error:" in line}
    assert sorted(found) == wanted, output
    assert 'Revealed type is "pybp.training.history.History"' in output
    assert "ndarray" in output
