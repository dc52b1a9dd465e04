import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.errors import ValueRefused
from shoal.experiments.prices.numbers import MAXIMUM_PRICE, MINIMUM_PRICE, check_volumes, read_prices_of
from shoal.experiments.prices.sheet import Sheet


def sheet(values, form="csv"):
    array = pa.array(values)
    return Sheet("a.csv", ("price",), len(values), 2, form, "", lambda _: array)


def everything(values):
    return np.arange(len(values))


@given(st.lists(st.floats(MINIMUM_PRICE, MAXIMUM_PRICE), min_size=1, max_size=8))
def test_every_way_to_write_a_float_gives_that_float(values):
    for written in (repr, "{:.25e}".format, "{:.30f}".format):
        texts = [written(value) for value in values]
        read = read_prices_of(sheet(texts), "price", everything(texts)).tolist()
        assert read == [float(text) for text in texts]


@given(st.text(max_size=12))
def test_a_text_is_a_plain_number_or_refused(text):
    try:
        value = float(read_prices_of(sheet([text]), "price", everything([text]))[0])
    except ValueRefused:
        return
    assert text.isascii()
    assert set(text) <= set("0123456789.eE+-")
    assert value == float(text)


def test_rows_are_taken_in_their_order_and_named_as_in_the_file():
    texts = ["5", "bad", "7", "0"]
    assert read_prices_of(sheet(texts), "price", np.array([2, 0])).tolist() == [7.0, 5.0]
    with pytest.raises(ValueRefused, match=r"a\.csv, row 3, column 'price': 'bad'"):
        read_prices_of(sheet(texts), "price", np.array([2, 1]))


def test_volumes_may_be_0_and_absent_but_not_negative():
    check_volumes(sheet([0.0, None, 5.0, math.nan], form="parquet"), "volume", everything(range(4)))
    with pytest.raises(ValueRefused, match="row 3, column 'volume'"):
        check_volumes(sheet([0.0, -5.0], form="parquet"), "volume", everything(range(2)))
