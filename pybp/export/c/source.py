"""What the C file of a net consists of, whatever its type of numbers is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pybp._common.types import Array, DTypeName
from pybp.export.c.text import array

__all__ = ["ScratchPlan", "Source", "last_readers"]


@dataclass
class Source:
    """The parts of a C file that depend on the net.

    Attributes
    ----------
    name : str
        The prefix of all names.
    real : {"float32", "float64"}
        Type of inputs and outputs.
    data : list of str
        Definitions of constant arrays.
    weight_bytes : int
        Their size.
    body : list of str
        Statements that compute `y` from `x` with the memory `scratch`.
    scratch_bytes : int
        The size of `scratch`.
    scratch_type : str
        The type of its elements.
    promise : str
        Which outputs the file computes, for its heading.
    number : str
        What tells the names of this net's arrays apart from those of other nets in the file.
    """

    name: str
    real: DTypeName
    scratch_type: str
    promise: str
    number: str = ""
    data: list[str] = field(default_factory=list)
    weight_bytes: int = 0
    body: list[str] = field(default_factory=list)
    scratch_bytes: int = 0

    @property
    def c_real(self) -> str:
        """The C type of inputs and outputs."""
        return "float" if self.real == "float32" else "double"

    def constant(self, c_type: str, suffix: str, values: Array | None) -> str:
        """Define an array; returns its name, NULL for none."""
        if values is None:
            return "NULL"
        name = f"{self.name}{self.number}_{suffix}"
        self.data.append(array(f"{c_type} {name}[{max(values.size, 1)}]", values, self.real))
        self.weight_bytes += values.nbytes
        return name

    @property
    def function(self) -> str:
        """The C function that computes the net's outputs."""
        body = "\n".join(f"    {line}" for line in self.body)
        return (
            f"static void {self.name}{self.number}_compute"
            f"(const {self.c_real} *x, {self.c_real} *y, {self.scratch_type} *scratch)\n{{\n{body}\n}}\n"
        )


class ScratchPlan:
    """Places of arrays in a scratch memory: arrays that are not needed at the same time share places."""

    def __init__(self) -> None:
        self.size = 0
        self._taken: list[tuple[int, int, int]] = []  # begin, end, the last step that needs it

    def place(self, size: int, now: int, until: int) -> int:
        """The offset of an array that is written in step `now` and last needed in step `until`."""
        begin = 0
        for taken_begin, taken_end, last in sorted(self._taken):
            if last >= now and begin + size > taken_begin:
                begin = max(begin, taken_end)
        self._taken.append((begin, begin + size, until))
        self.size = max(self.size, begin + size)
        return begin

    def keep(self, begin: int, until: int) -> int:
        """The offset of an array that replaces the latest one at `begin`."""
        index = max(i for i, taken in enumerate(self._taken) if taken[0] == begin)
        self._taken[index] = (*self._taken[index][:2], until)
        return begin


def last_readers(inputs: Sequence[Sequence[int]]) -> list[int]:
    """The last step that reads the result of each step; step i reads those of the steps ``inputs[i]``."""
    last = list(range(len(inputs)))
    for step, read in enumerate(inputs):
        for value in read:
            last[value] = max(last[value], step)
    return last
