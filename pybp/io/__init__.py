"""Files of nets."""

from pybp.io.netfile import (
    SavedNet,
    describe_net,
    load_net,
    open_file,
    read_nets,
    save_net,
    write_document,
)

__all__ = [
    "SavedNet",
    "describe_net",
    "load_net",
    "open_file",
    "read_nets",
    "save_net",
    "write_document",
]
