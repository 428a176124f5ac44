"""Nets as C programs."""

from pybp.export.c.predictor import TableModel, predictor_to_c
from pybp.export.c.write import net_to_c

__all__ = ["TableModel", "net_to_c", "predictor_to_c"]
