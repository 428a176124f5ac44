"""Nets as C programs."""

from pybp.export.c.write import net_to_c

__all__ = ["net_to_c"]
