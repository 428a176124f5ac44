"""Files of nets."""

from pybp.io.netfile import load_net, save_net

__all__ = ["load_net", "save_net"]
