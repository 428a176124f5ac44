"""The command ``pybp``."""
