import json
import math

import pytest

from shoal.experiments.validation.check import Check, Estimate


def test_a_random_figure_passes_within_four_standard_errors() -> None:
    assert Estimate("share", 0.5, 0.5079, standard_error=0.002).passed
    assert not Estimate("share", 0.5, 0.5081, standard_error=0.002).passed


def test_a_blunt_figure_fails_however_near_it_is() -> None:
    assert Estimate("share", -0.5, -0.5, standard_error=0.0025).passed
    assert not Estimate("share", -0.5, -0.5, standard_error=0.0026).passed


def test_a_deterministic_figure_passes_within_its_tolerance() -> None:
    assert Estimate("wei", 7.0, 7.0, tolerance=1e-9).z == 0.0
    assert Estimate("loss", 1.0, 1.0 + 0.9e-9, tolerance=1e-9).passed
    assert not Estimate("loss", 1.0, 1.0 - 1.1e-9, tolerance=1e-9).passed


def test_not_a_number_fails() -> None:
    assert not Estimate("share", 0.5, math.nan, standard_error=0.001).passed


@pytest.mark.parametrize(("error", "tolerance"), [(0.0, 0.0), (0.1, 0.1)])
def test_a_figure_is_either_random_or_deterministic(error: float, tolerance: float) -> None:
    with pytest.raises(ValueError, match="needs a standard error or a tolerance above 0"):
        Estimate("share", 0.5, 0.5, standard_error=error, tolerance=tolerance)


def test_a_check_is_plain_values() -> None:
    check = Check("name", "source", 1.0, 1.1, 0.1, 1.0, True, 0.5, "detail")
    assert json.loads(json.dumps(check.row()))["engine"] == 1.1
