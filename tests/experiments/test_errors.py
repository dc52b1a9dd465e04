import pytest

from shoal.experiments import errors
from shoal.experiments.errors import InputError, Place
from shoal.sim.errors import ShoalError

KINDS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, InputError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_refusal_says_where_what_and_what_to_do(kind):
    error = kind(Place("a.csv", 3, "low"), "it is wrong", "Put it right.")
    assert isinstance(error, ShoalError)
    assert str(error) == "a.csv, row 3, column 'low': it is wrong. Put it right."
    assert (error.place.row, error.reason, error.remedy) == (3, "it is wrong", "Put it right.")


@pytest.mark.parametrize("kind", KINDS)
def test_every_refusal_can_be_made_again_from_its_arguments(kind):
    error = kind(Place("a.csv"), "it is wrong", "Put it right.")
    assert str(type(error)(*error.args)) == str(error)
