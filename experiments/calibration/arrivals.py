"""How often takers come, how clustered they are, and how many of them buy."""

from __future__ import annotations

import numpy as np

from shoal.experiments.calibration.bootstrap import bounds
from shoal.experiments.calibration.fit import Fit
from shoal.experiments.calibration.recording import TakerOrders

BUCKET_S = 10.0


def fit_arrivals(orders: TakerOrders, *, seconds: float) -> tuple[Fit, ...]:
    """Rate of taker orders, its dispersion over intervals of ten seconds, and the share of buyers.

    Poisson arrivals have a dispersion of 1; recorded ones come in clusters, and it is far above.
    """
    buckets = max(1, int(seconds / BUCKET_S))
    counts = np.histogram(orders.times_s, bins=buckets, range=(0.0, buckets * BUCKET_S))[0].astype(np.float64)
    bought = (orders.sides > 0).astype(np.float64)
    sample = f"{len(bought):,} orders in {seconds:,.0f} s"
    dispersion = float(counts.var() / counts.mean())
    return (
        Fit(
            name="taker orders",
            value=len(bought) / seconds * 3_600.0,
            unit="1/h",
            sample=sample,
            check=f"variance of counts in {BUCKET_S:.0f} s over their mean {dispersion:.1f}; Poisson has 1",
            **bounds(counts, lambda rows: float(rows.mean()) / BUCKET_S * 3_600.0),
        ),
        Fit(
            name="share of buyers",
            value=float(bought.mean()),
            unit="fraction",
            sample=sample,
            **bounds(bought, lambda rows: float(rows.mean())),
        ),
        Fit(
            name="taker volume",
            value=float(orders.quote_tokens.sum()) / seconds * 3_600.0,
            unit="USD/h",
            sample=sample,
            **bounds(
                np.histogram(
                    orders.times_s,
                    bins=buckets,
                    range=(0.0, buckets * BUCKET_S),
                    weights=orders.quote_tokens,
                )[0].astype(np.float64),
                lambda rows: float(rows.mean()) / BUCKET_S * 3_600.0,
            ),
        ),
    )
