"""All fits to one recorded order book."""

from __future__ import annotations

from shoal.experiments.calibration.arrivals import fit_arrivals
from shoal.experiments.calibration.book_depth import fit_depth, profile
from shoal.experiments.calibration.fill_intensity import fit_intensity
from shoal.experiments.calibration.fit import Fitted
from shoal.experiments.calibration.recording import Recording
from shoal.experiments.calibration.resilience import fit_resilience
from shoal.experiments.calibration.sizes import fit_sizes
from shoal.experiments.calibration.spreads import fit_spreads


def fit_book_market(recording: Recording) -> Fitted:
    """Arrivals, sizes, spread, depth, fill intensity and resilience."""
    return Fitted(
        recording.source,
        recording.span,
        recording.date,
        (
            *fit_arrivals(recording.orders, seconds=recording.seconds),
            *fit_sizes(recording.orders.quote_tokens),
            *fit_spreads(recording.quotes, seconds=recording.seconds),
            *fit_depth(profile(recording), reach=recording.reach),
            *fit_intensity(recording.orders, recording.quotes, seconds=recording.seconds),
            *fit_resilience(recording),
        ),
    )
