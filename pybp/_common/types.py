"""Names of types that several modules use."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""Any array of numbers."""

DType = np.dtype[Any]

DTypeName = Literal["float32", "float64"]
"""The names of the dtypes that a net may have."""
