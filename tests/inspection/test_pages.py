"""The pages that traces, diagnoses and histories write."""

import numpy as np
import pytest

from pybp import MLP, BatchNorm, Dense, Dropout, Embedding, Residual

from written_pages import checked


@pytest.fixture
def samples():
    X = np.random.default_rng(0).standard_normal((40, 3))
    return X, (X[:, 0] > 0).astype(int)


def test_a_trace_shows_both_passes(tmp_path, samples):
    X, y = samples
    net = MLP([3, 4, 2], activation="tanh", output="softmax", seed=0)
    trace = net.trace(X[:2], y[:2])
    trace.to_html(tmp_path / "t.html")
    page = checked(tmp_path / "t.html")
    layers = [h for h in page.headings if h.startswith("Layer")]
    assert [h[:7] for h in layers] == ["Layer 1", "Layer 2", "Layer 2", "Layer 1"]
    assert f"{trace.layers[0].z[1, 2]:.6g}" in page.text
    assert f"{trace.layers[1].dW[1, 3]:.6g}" in page.text
    assert f"{trace.loss:.6g}" in "".join(page.text)


@pytest.mark.parametrize("rows", [1, 40])
def test_a_trace_of_any_layers(tmp_path, rows):
    layers = [3, Embedding({0: (4, 2)}), Dense(5, "relu"), Residual([BatchNorm(), Dropout(0.5)]), 2]
    X = np.column_stack([np.arange(rows) % 4, np.ones((rows, 2))])
    MLP(layers, seed=0).trace(X, np.ones((rows, 2))).to_html(tmp_path / "t.html")
    assert "embedding" in "".join(checked(tmp_path / "t.html").headings)


def test_a_diagnosis_tells_its_findings(tmp_path, samples):
    deep = MLP([3, *[8] * 9, 2], activation="sigmoid", output="softmax", seed=0)
    diagnosis = deep.diagnose(*samples)
    diagnosis.to_html(tmp_path / "d.html")
    page = checked(tmp_path / "d.html")
    assert "vanishing gradients" in page.text
    assert diagnosis.findings[0].remedy in page.text
    assert len(page.pictures) == 2


def test_a_history_shows_curves_and_epochs(tmp_path, samples):
    net = MLP([3, 4, 2], output="softmax", seed=0)
    history = net.fit(*samples, epochs=3, metrics=["accuracy"], validation_data=samples)
    history.to_html(tmp_path / "h.html")
    page = checked(tmp_path / "h.html")
    assert len(page.pictures) == 2
    assert f"{history.history['val_loss'][1]:.6g}" in page.text
    history.to_html(tmp_path / "h.html")  # replaced
    with pytest.raises(FileNotFoundError):
        history.to_html(tmp_path / "none" / "h.html")


def test_a_history_without_epochs(tmp_path):
    from pybp.training.history import History

    History().to_html(tmp_path / "h.html")
    checked(tmp_path / "h.html")
