import numpy as np

from shoal.experiments.calibration.arrivals import fit_arrivals
from shoal.experiments.calibration.recording import TakerOrders

SECONDS = 36_000.0


def orders(times, *, buyers=0.6):
    sides = np.where(np.random.default_rng(2).random(len(times)) < buyers, 1.0, -1.0)
    return TakerOrders(np.sort(times), sides, np.full(len(times), 50.0), np.full(len(times), 100.0))


def fitted(times):
    return {fit.name: fit for fit in fit_arrivals(orders(times), seconds=SECONDS)}


def dispersion(fits):
    return float(fits["taker orders"].check.split(";")[0].split()[-1])


def test_poisson_arrivals_give_rate_share_and_volume_back():
    random = np.random.default_rng(1)
    fits = fitted(random.uniform(0.0, SECONDS, size=random.poisson(4_000)))
    assert fits["taker orders"].low < 400.0 < fits["taker orders"].high
    assert fits["share of buyers"].low < 0.6 < fits["share of buyers"].high
    assert fits["taker volume"].low < 400.0 * 50.0 < fits["taker volume"].high
    assert 0.9 < dispersion(fits) < 1.1


def test_clusters_show_in_the_dispersion():
    clusters = np.repeat(np.random.default_rng(1).uniform(0.0, SECONDS, size=400), 10)
    assert dispersion(fitted(clusters)) > 5.0
