"""Writing the two files: nothing half-written stays, and text from outside stays text."""

import errno
import os
import re
from pathlib import Path

import pytest

from pybp import MLP
from pybp.export.c.text import comment, enumerators, string

from c_programs import STRICT, compiled, run

NAMES = [
    *("int", "while", "", "1", 'quote " quote', "line\nline", "end */ int x; /*", "??/", "???/"),
    *("back\\", "\\", "ä", "\0", "%s%n", "a" * 500, "a", "a", "A", "名前", "\udcff"),
]


@pytest.mark.parametrize("good_files", [0, 1])
@pytest.mark.parametrize("existing", [False, True])
def test_a_full_disk_changes_nothing(tmp_path, monkeypatch, good_files, existing):
    """The disk is full from the first or the second of the two files on."""
    if existing:
        MLP([2, 1], seed=0).to_c(tmp_path / "net.c")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    real, opened = os.write, set()

    def write(handle, data):
        opened.add(Path(f"/proc/self/fd/{handle}").readlink())
        if good_files < len(opened) < 3:  # the third one puts the old header back
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError, match="No space"):
        MLP([3, 1], seed=1).to_c(tmp_path / "net.c")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_names_from_outside(tmp_path):
    """All names compile, and the strings hold them."""
    net = MLP([len(NAMES), len(NAMES)], activation="relu", seed=0)
    net.to_c(tmp_path / "net.c", input_names=NAMES, class_names=NAMES)
    header = (tmp_path / "net.h").read_text(encoding="ascii")
    identifiers = re.findall(r"^    (NET_\w+), /\* .* \*/$", header, re.MULTILINE)
    assert len(identifiers) == len(set(identifiers)) == 2 * len(NAMES)
    assert "NET_CLASS_WHILE" in identifiers
    main = tmp_path / "main.c"
    main.write_text(
        '#include "net.h"\n#include <stdio.h>\n'
        f"int main(void) {{ for (int i = 0; i < {len(NAMES)}; i++) "
        'printf("%s\\1", net_class_names[i]); return 0; }\n'
    )
    options = [*STRICT, "-Wtrigraphs", "-trigraphs"]
    program = compiled(["gcc"], [tmp_path / "net.c", main], tmp_path / "main", *options)
    found = run([program], encoding="utf-8", errors="surrogateescape").split("\1")[:-1]
    assert found == [name.split("\0")[0] for name in NAMES[:-1]] + [found[-1]]


def test_comments_and_strings_have_no_end_in_them():
    for name in NAMES:
        text = comment(name)
        assert text.isascii()
        assert text.isprintable()
        assert not re.search(r"\*/|/\*|\?\?", text)
        assert re.fullmatch(r'"(?:[^"\\?]|\\[0-7]{3})*"', string(name))
    assert len(set(enumerators("X", NAMES))) == len(NAMES)
