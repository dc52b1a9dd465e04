"""Fewer points, the same picture: of every stretch of time the lowest and the highest value stay."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

POINTS_A_TRACE: Final = 2_000


def thinned(values: npt.NDArray[np.float64], limit: int = POINTS_A_TRACE) -> npt.NDArray[np.intp]:
    """Positions of at most ``limit`` values, ascending: first, last, and the extremes of equal buckets.

    A bucket without any number keeps one, so that a line breaks where there was nothing.

    Raises:
        ValueError: a limit below 4.

    >>> import numpy as np
    >>> [int(index) for index in thinned(np.array([1.0, 9.0, 2.0, 3.0, 0.0, 4.0, 5.0]), limit=4)]
    [0, 1, 4, 6]
    """
    if limit < 4:
        raise ValueError(f"a trace needs at least 4 points, had {limit}")
    if len(values) <= limit:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), (limit - 2) // 2 + 1).astype(np.intp)
    kept = {0, len(values) - 1}
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        bucket = values[start:end]
        finite = np.flatnonzero(np.isfinite(bucket))
        if len(finite):
            kept.update((start + int(finite[bucket[finite].argmin()]), start + int(finite[bucket[finite].argmax()])))
        else:
            kept.add(start)
    return np.array(sorted(kept), dtype=np.intp)
