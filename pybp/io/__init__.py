"""Files of nets."""

from pybp.io.netfile import SavedNet, load_net, save_net

__all__ = ["SavedNet", "load_net", "save_net"]
