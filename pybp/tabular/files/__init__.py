"""Tables from files: CSV by NumPy alone, other formats through polars or pyarrow."""

from pybp._common.public import publish as _publish
from pybp.tabular.files.dialect import Dialect
from pybp.tabular.files.read import read_table, table_batches
from pybp.tabular.files.table import Table

__all__ = ["Dialect", "Table", "read_table", "table_batches"]

_publish(globals())
