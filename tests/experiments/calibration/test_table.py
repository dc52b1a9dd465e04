import io
import math

import pytest
from rich.console import Console

from shoal.experiments.calibration.fit import Fit, Fitted
from shoal.experiments.calibration.table import figure, fit_tables


@pytest.mark.parametrize(
    ("value", "text"), [(20_031_000.0, "20,030,000"), (0.011039, "0.01104"), (1.0, "1"), (0.0, "0"), (math.nan, "-")]
)
def test_figures_have_four_digits(value, text):
    assert figure(value) == text


def test_every_fit_has_a_row_with_interval_sample_and_check():
    fit = Fit(name="speed", value=12.0, unit="m/s", low=11.0, high=13.0, sample="9 runs", check="R2 0.99")
    fitted = Fitted("file.parquet", "monday .. tuesday", "2024-01-01", (fit,))
    console = Console(width=200, record=True, file=io.StringIO())
    for table in fit_tables([fitted]):
        console.print(table)
    text = console.export_text()
    for part in ("file.parquet", "monday .. tuesday", "speed", "12", "m/s", "11 .. 13", "9 runs", "R2 0.99"):
        assert part in text


def test_an_unknown_fit_is_named():
    with pytest.raises(KeyError, match="speed"):
        Fitted("file.parquet", "", "", ()).value("speed")
