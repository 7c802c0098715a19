"""The type of an embedding."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Vector: TypeAlias = npt.NDArray[np.float32]
"""A unit vector, shape (dimensions,)."""
