"""All fits to one recorded pool."""

from __future__ import annotations

from shoal.experiments.calibration.fit import Fitted
from shoal.experiments.calibration.noise_share import fit_noise_share
from shoal.experiments.calibration.pool_depth import fit_pool_depth
from shoal.experiments.calibration.pool_recording import PoolRecording
from shoal.experiments.calibration.swap_flow import fit_swap_flow


def fit_pool_market(pool: PoolRecording) -> Fitted:
    """Flow, the share of it that is noise, and depth."""
    return Fitted(
        pool.source,
        pool.span,
        pool.date,
        (*fit_swap_flow(pool.volumes), *fit_noise_share(pool), *fit_pool_depth(pool)),
    )
