"""CSV files, TensorBoard and progress bars."""

import csv
import struct
from contextlib import redirect_stderr
from io import StringIO
from typing import get_args

import pytest

import pybp
from pybp.callbacks import (
    CSVLogger,
    LambdaCallback,
    ModelCheckpoint,
    ProgressBar,
    TensorBoard,
)
from pybp.errors import ArgumentError, MissingExtraError
from pybp.training.progress import Kind, RichBar


def table(path, separator=","):
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


def test_a_line_for_each_epoch(classifier, blobs, tmp_path):
    path = tmp_path / "log.csv"
    history = classifier.fit(*blobs, epochs=3, validation_split=0.2, callbacks=[CSVLogger(path)])
    rows = table(path)
    assert list(rows[0]) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert [int(row["epoch"]) for row in rows] == history.epochs
    for name, values in history.history.items():
        assert [float(row[name]) for row in rows] == values


def test_the_file_is_complete_after_each_epoch(classifier, blobs, tmp_path):
    path, lengths = tmp_path / "log.csv", []
    look = LambdaCallback(on_epoch_end=lambda *arguments: lengths.append(len(table(path, ";"))))
    classifier.fit(*blobs, epochs=3, callbacks=[CSVLogger(path, separator=";"), look])
    assert lengths == [1, 2, 3]


def test_going_on_with_a_file(classifier, blobs, tmp_path, unchanged):
    path = tmp_path / "log.csv"
    logger = CSVLogger(path, append=True)
    classifier.fit(*blobs, epochs=2, callbacks=[logger])
    classifier.fit(*blobs, epochs=1, callbacks=[logger])
    assert [row["epoch"] for row in table(path)] == ["1", "2", "1"]
    with unchanged(classifier), pytest.raises(ArgumentError, match="but the logs have"):
        classifier.fit(*blobs, epochs=1, validation_split=0.2, callbacks=[logger])
    assert len(table(path)) == 3
    classifier.fit(*blobs, epochs=1, callbacks=[CSVLogger(path)])
    assert len(table(path)) == 1


def test_a_separator_is_one_character(tmp_path):
    with pytest.raises(ArgumentError, match="separator must be one character, got ', '"):
        CSVLogger(tmp_path / "log.csv", separator=", ")


# ---- TensorBoard ----


def events(folder):
    """The summary values of the files in a folder: (step, tag, value)."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted(folder.iterdir()):
        data, place = path.read_bytes(), 0
        while place < len(data):
            (length,) = struct.unpack_from("<Q", data, place)  # then its checksum
            event = Event.FromString(data[place + 12 : place + 12 + length])
            place += length + 16
            found += [(event.step, value.tag, value) for value in event.summary.value]
    return found


def test_tensorboard(classifier, blobs, tmp_path):
    pytest.importorskip("tensorboardX")
    writer = TensorBoard(tmp_path, every=4, histograms=True)
    history = classifier.fit(
        *blobs, epochs=2, optimizer=pybp.SGD(lr=lambda step: 0.5**step), callbacks=[writer]
    )
    found = events(tmp_path)
    for name, values in history.history.items():
        written = [value.simple_value for _, tag, value in found if tag == name]
        assert written == pytest.approx(values, rel=1e-6)
    rates = [(step, value.simple_value) for step, tag, value in found if tag == "step/lr"]
    assert rates == [(4, 0.5**3), (8, 0.5**7), (12, 0.5**11)]
    tags = {tag.replace("_", " ") for _, tag, _ in found if "layer" in tag}
    assert tags == {f"layer {i}/{what}" for i in (1, 2) for what in ("weights", "biases")}


def test_tensorboard_after_a_fit_that_raised(classifier, blobs, tmp_path):
    pytest.importorskip("tensorboardX")

    def fail(*arguments):
        raise LookupError

    writer = TensorBoard(tmp_path)
    with pytest.raises(LookupError):
        classifier.fit(*blobs, callbacks=[writer, LambdaCallback(on_epoch_end=fail)])
    classifier.fit(*blobs, epochs=2, callbacks=[writer])
    assert [step for step, tag, _ in events(tmp_path) if tag == "loss"] == [1, 1, 2]


def test_an_extra_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    with pytest.raises(MissingExtraError, match=r"pip install tensorboardX"):
        TensorBoard(tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "rich", None)
    with pytest.raises(MissingExtraError, match=r"pip install rich"):
        ProgressBar("rich")


# ---- progress bars ----


@pytest.mark.parametrize("kind", get_args(Kind))
def test_progress_bars(classifier, blobs, kind):
    if kind in ("tqdm", "rich"):
        pytest.importorskip(kind)
    stream = StringIO()
    with redirect_stderr(stream):
        classifier.fit(
            *blobs, epochs=3, validation_split=0.1, callbacks=[ProgressBar(kind)], progress=False
        )
    text = stream.getvalue()
    assert "epoch 3/3" in text
    assert "val_accuracy" in text or kind == "rich"


def test_a_rich_bar_moves():
    pytest.importorskip("rich")
    for steps, total in ((10, 20), (None, None)):
        bar = RichBar(2, steps, StringIO())
        task = bar.bar.tasks[0]
        assert task.total == total
        bar.on_step(4, 0.5)
        assert (task.completed, task.fields["logs"]) == (4, "loss 0.5")
        bar.on_epoch(1, {"loss": 0.25})
        assert (task.completed, task.description) == (10 if steps else 4, "epoch 2/2")
        bar.on_step(3, 0.5)
        assert task.completed == (13 if steps else 7)
        bar.close()


def test_a_progress_bar_has_a_kind():
    with pytest.raises(
        ArgumentError, match="kind must be 'auto', 'tqdm', 'rich' or 'lines', got 'fast'"
    ):
        ProgressBar("fast")


@pytest.mark.parametrize("path", ["a\0b", ""])
def test_paths_that_no_file_has(path):
    for make in (CSVLogger, ModelCheckpoint):
        with pytest.raises(ArgumentError, match="path can't be"):
            make(path)
    pytest.importorskip("tensorboardX")
    with pytest.raises(ArgumentError, match="log_dir can't be"):
        TensorBoard(path)
