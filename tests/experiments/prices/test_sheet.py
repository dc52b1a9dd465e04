import numpy as np

from shoal.experiments.prices.sheet import Sheet


def test_places_count_rows_as_the_source_does():
    sheet = Sheet("a.csv", ("ts",), 5, 2, "csv", "", lambda _: None)
    assert str(sheet.place(np.int64(0), "ts")) == "a.csv, row 2, column 'ts'"
    assert str(sheet.place(column="ts")) == "a.csv, column 'ts'"
    assert str(sheet.place()) == "a.csv"
