"""Progress never breaks a fit, whatever standard error is."""

import errno
import io
import subprocess
import sys
from typing import get_args

import pytest

from pybp.callbacks import ProgressBar
from pybp.training.progress import Kind, SafeStream


class OnlyWrites:
    """As logging redirects are."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text


class FullDisk(io.StringIO):
    def isatty(self):
        return True

    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self):
        raise OSError(errno.ENOSPC, "No space left on device")


class NoTerminal(io.StringIO):
    def isatty(self):
        raise OSError(errno.EIO, "Input/output error")


class AsciiTerminal(io.TextIOWrapper):
    def __init__(self):
        super().__init__(io.BytesIO(), encoding="ascii", errors="strict")

    def isatty(self):
        return True

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode("ascii")


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


STREAMS = {
    "None": lambda: None,
    "closed": closed,
    "no isatty": OnlyWrites,
    "isatty raises": NoTerminal,
    "full disk": FullDisk,
    "ASCII": AsciiTerminal,
    "an object": object,
}


@pytest.fixture(params=STREAMS.values(), ids=STREAMS)
def stream(request, monkeypatch):
    made = request.param()
    monkeypatch.setattr(sys, "stderr", made)
    return made


@pytest.mark.parametrize("progress", ["auto", True, False])
def test_a_fit_finishes(stream, classifier, blobs, progress):
    assert len(classifier.fit(*blobs, epochs=2, progress=progress)) == 2


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_fit_with_a_bar_finishes(stream, classifier, blobs, kind):
    if kind in ("tqdm", "rich"):
        pytest.importorskip(kind)

    def größe(y_true, y_pred):
        return 1.0

    bar = ProgressBar(kind)
    history = classifier.fit(*blobs, epochs=2, metrics=["accuracy", größe], callbacks=[bar])
    assert len(history) == 2


def test_what_ascii_cannot_write_is_escaped(monkeypatch, classifier, blobs):
    def größe(y_true, y_pred):
        return 1.0

    terminal = AsciiTerminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    classifier.fit(*blobs, epochs=1, metrics=[größe], callbacks=[ProgressBar("lines")])
    assert r"gr\xf6\xdfe 1" in terminal.text()


def test_an_object_that_only_writes_gets_the_text(monkeypatch, classifier, blobs):
    stream = OnlyWrites()
    monkeypatch.setattr(sys, "stderr", stream)
    classifier.fit(*blobs, epochs=1, callbacks=[ProgressBar("lines")])
    assert stream.text.startswith("epoch 1/1  loss ")


def test_ctrl_c_passes_through():
    class Interrupted(io.StringIO):
        def write(self, text):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SafeStream(Interrupted()).write("text")


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are closed the POSIX way")
@pytest.mark.parametrize("progress", ["auto", True])
def test_a_daemon_without_standard_streams(progress, tmp_path):
    """Descriptors 0 to 2 are closed when Python starts, so that sys.stderr is None."""
    out = tmp_path / "out"
    code = (
        "import sys, pybp\n"
        "assert sys.stderr is None\n"
        f"history = pybp.MLP([1, 1], seed=0).fit([[1.0]], [2.0], epochs=2, progress={progress!r})\n"
        f"open({str(out)!r}, 'w').write(str(len(history)))\n"
    )
    shell = f'exec "{sys.executable}" -P -c "$0" <&- >&- 2>&-'
    subprocess.run(["sh", "-c", shell, code], check=True, timeout=120)
    assert out.read_text() == "2"


def test_a_safe_stream_is_a_stream():
    stream = SafeStream(io.StringIO())
    assert not stream.isatty()
    assert stream.encoding == "ascii"
    with pytest.raises(OSError, match="fileno"):
        stream.fileno()
