"""Draws docs/rooms.svg: the folders of the package and of the core, and which uses which.

    python tools/rooms_picture.py

Read from the imports and includes themselves. A folder stands above all that it uses; an arrow that follows from others
is left out.
"""

import ast
import re
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "rooms.svg"

Graph = dict[str, set[str]]

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 128, 30, 18, 34, 24
STYLE = """
text { font: 13px system-ui, sans-serif; text-anchor: middle; fill: #1b1f24 }
.title { font-weight: 600; font-size: 15px }
rect { fill: #f6f8fa; stroke: #8c959f } .python { fill: #ddf4ff } .c { fill: #fff8c5 }
path { fill: none; stroke: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } rect { fill: #161b22; stroke: #6e7681 } .python { fill: #0c2d6b } .c { fill: #4b3800 }
}
"""


def python_rooms() -> Graph:
    """Folders and single modules of the package, with what each imports at run time."""
    rooms: Graph = {}
    for path in sorted((ROOT / "pybp").rglob("*.py")):
        room = python_room(list(path.relative_to(ROOT / "pybp").with_suffix("").parts))
        if room not in ("__init__", "__main__"):
            used = {python_room(name.split(".")[1:]) for name in imported(path)}
            rooms.setdefault(room, set()).update(used - {room, "__init__"})
    rooms["_core"] = set()
    return rooms


def python_room(parts: list[str]) -> str:
    """The room of a module, given as its path below pybp."""
    if parts[:1] == ["sklearn"] and len(parts) > 1:
        if parts[1] == "__init__":  # exports what the rooms below it define
            return "__init__"
        if parts[1] in ("mlp", "tabular"):
            return f"sklearn/{parts[1]}"
    return parts[0] if parts and parts[0] != "__init__" else "__init__"


def imported(path: Path) -> Iterator[str]:
    """The modules of pybp that a file imports at its top, outside of ``if TYPE_CHECKING``."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pybp":
            assert node.module is not None
            if node.module == "pybp":
                yield from (f"pybp.{alias.name}" for alias in node.names)
            else:
                yield node.module


def core_rooms() -> Graph:
    """Folders of the core, with what each includes."""
    rooms: Graph = {}
    for path in sorted((ROOT / "csrc").rglob("*.[ch]")):
        room = core_room(path.relative_to(ROOT / "csrc").parts)
        if room in ("tests", "bench", "fuzz"):
            continue
        included = re.findall(
            r'^#include "([^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE
        )
        used = {
            core_room(tuple(name.split("/")))
            for name in included
            if "/" in name or name == "pybp.h"
        }
        rooms.setdefault(room, set()).update(used - {room})
    rooms.setdefault("registry", set())
    return rooms


def core_room(parts: tuple[str, ...]) -> str:
    """The room of a file, given as its path below csrc."""
    if parts[0] == "net" and len(parts) > 2:
        return f"net/{parts[1]}"
    return "include" if parts[0] == "pybp.h" else parts[0]


def floors(rooms: Graph) -> dict[str, int]:
    """For each room the length of the longest way down."""
    found: dict[str, int] = {}

    def floor(room: str, above: tuple[str, ...] = ()) -> int:
        if room in above:
            raise SystemExit(f"rooms use each other in a circle: {' -> '.join((*above, room))}")
        if room not in found:
            found[room] = 1 + max((floor(used, (*above, room)) for used in rooms[room]), default=-1)
        return found[room]

    for room in rooms:
        floor(room)
    return found


def without_implied(rooms: Graph) -> Graph:
    """The arrows that do not follow from others."""

    def below(room: str) -> set[str]:
        return rooms[room].union(*(below(used) for used in rooms[room]))

    return {
        room: {u for u in used if not any(u in below(o) for o in used - {u})}
        for room, used in rooms.items()
    }


def with_bends(rooms: Graph) -> tuple[Graph, dict[str, int]]:
    """Arrows from each floor to the next only, through bends named "from>to#floor", and the floor of each node."""
    floor = floors(rooms)
    chained: Graph = {room: set() for room in rooms}
    for room, used in without_implied(rooms).items():
        for other in sorted(used):
            above = room
            for n in range(floor[room] - 1, floor[other], -1):
                bend = f"{room}>{other}#{n}"
                floor[bend], chained[bend] = n, set()
                chained[above].add(bend)
                above = bend
            chained[above].add(other)
    return chained, floor


def width_of(node: str) -> float:
    """The width of a room, or of the gap through which an arrow passes a floor."""
    return 6 if ">" in node else WIDTH


def centres(arrows: Graph, floor: dict[str, int]) -> dict[str, tuple[float, float]]:
    """The middle of each node: floors from below, in each floor the nodes near what they use."""
    rows = [
        sorted(node for node in arrows if floor[node] == n) for n in range(max(floor.values()) + 1)
    ]
    users = {node: {user for user in arrows if node in arrows[user]} for node in arrows}
    whole = max(sum(width_of(node) + GAP_X for node in row) for row in rows)
    at: dict[str, tuple[float, float]] = {}
    for sweep in range(9):
        for n, row in enumerate(rows):
            near = users if sweep % 2 else arrows

            def middle(node: str, near: Graph = near) -> float:
                known = [at[other][0] for other in sorted(near[node]) if other in at]
                return sum(known) / len(known) if known else at.get(node, (0.0,))[0]

            row.sort(key=middle)
            x = (whole - sum(width_of(node) + GAP_X for node in row) + GAP_X) / 2
            for node in row:
                at[node] = x + width_of(node) / 2, (len(rows) - 1 - n) * (HEIGHT + GAP_Y)
                x += width_of(node) + GAP_X
    return at


def drawn(title: str, kind: str, rooms: Graph, left: float) -> tuple[list[str], float, float]:
    """The elements of a graph, its right and its lower end."""
    arrows, floor = with_bends(rooms)
    at = {node: (x + left, y + 2 * MARGIN) for node, (x, y) in centres(arrows, floor).items()}
    right = max(x for x, _ in at.values()) + WIDTH / 2
    bottom = max(y for _, y in at.values()) + HEIGHT
    parts = [f'<text class="title" x="{(left + right) / 2}" y="{MARGIN}">{escape(title)}</text>']
    for node, used in arrows.items():
        for other in sorted(used):
            (x0, y0), (x1, y1) = at[node], at[other]
            y0 += HEIGHT
            bend = (y1 - y0) / 2
            parts.append(
                f'<path d="M{x0:g} {y0:g} C{x0:g} {y0 + bend:g} {x1:g} {y1 - bend:g} {x1:g} {y1:g}"/>'
            )
        x, y = at[node]
        if node in rooms:
            parts.append(
                f'<rect class="{kind}" x="{x - WIDTH / 2:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="5"/>'
            )
            parts.append(f'<text x="{x:g}" y="{y + 20:g}">{escape(node)}</text>')
        else:
            parts.append(f'<path d="M{x:g} {y:g} V{y + HEIGHT:g}"/>')
    return parts, right, bottom


def main() -> None:
    """Write the picture, to docs/rooms.svg unless the command line names another file."""
    package, right, high = drawn("pybp: the package", "python", python_rooms(), MARGIN)
    core, right, higher = drawn("csrc: the core", "c", core_rooms(), right + 3 * MARGIN)
    width, height = right + MARGIN, max(high, higher) + MARGIN
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    picture.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<style>{STYLE}</style>\n" + "\n".join([*package, *core]) + "\n</svg>\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
