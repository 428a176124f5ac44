"""Training the nets of an ensemble on several ranks, such as processes of MPI."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from pybp.errors import StateError

__all__ = ["Communicator", "each_on_its_rank", "same_on_all"]

T = TypeVar("T")


class Communicator(Protocol):
    """What `fit` needs of a communicator: these methods of `mpi4py.MPI.Comm`."""

    def Get_rank(self) -> int:
        """The number of this rank, from 0."""

    def Get_size(self) -> int:
        """The number of ranks."""

    def allgather(self, sendobj: Any) -> list[Any]:
        """Copies of the objects of all ranks, by rank, on every rank; all ranks call it."""


def same_on_all(comm: Communicator | None, value: T) -> T:
    """The value of rank 0."""
    first: T = value if comm is None else comm.allgather(value)[0]
    return first


def each_on_its_rank(
    comm: Communicator | None, n: int, work: Callable[[list[int]], dict[int, T]]
) -> dict[int, T]:
    """What ``work(indices)`` makes of the indices 0 to n - 1, of which rank r has r, r + size, ...

    Raises
    ------
    StateError
        `work` has failed on another rank; the message names it. No rank waits for one that has failed.
    """
    if comm is None:
        return work(list(range(n)))
    rank, size = comm.Get_rank(), comm.Get_size()
    made: dict[int, T] = {}
    own: BaseException | None = None
    try:
        made = work(list(range(rank, n, size)))
    except BaseException as error:  # raised again when the others know
        own = error
    told = None if own is None else f"{type(own).__name__}: {own}"
    everything = comm.allgather((told, {} if own is not None else made))
    if own is not None:
        raise own
    for number, (message, _) in enumerate(everything):
        if message is not None:
            raise StateError(f"training failed on rank {number}: {message}")
    merged = {index: one for _, part in everything for index, one in part.items()}
    return {index: merged[index] for index in sorted(merged)}
