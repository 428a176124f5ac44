"""Write a page of HTML."""

from collections.abc import Sequence
from typing import Any

from pybp._common.page import Section, page
from pybp.io.atomic import write_atomically
from pybp.io.paths import checked_path

__all__ = ["write_page"]


def write_page(path: Any, title: str, subtitle: str, sections: Sequence[Section]) -> None:
    """Write a page with these sections to `path`; a file that is there is replaced as a whole."""
    target = checked_path(path)
    content = page(title, subtitle, sections, "Made by pybp.")
    write_atomically(target, [content.encode()])
