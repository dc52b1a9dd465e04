import math

import pyarrow as pa

from shoal.experiments.figure import Figure
from shoal.experiments.replicates.summary import Taken, estimates, figure_table, manifest_entries, summary_table

TAKEN = [
    Taken(1, 1, 7, (Figure("cost", "bps", 3.0, control=1.0, world="off"), Figure("fall", "bps", 5.0))),
    Taken(2, 1, 2**64 - 1, (Figure("fall", "bps", 7.0), Figure("cost", "bps", 6.0, control=2.0, world="off"))),
    Taken(3, 1, 9, (Figure("fall", "bps", math.nan), Figure("late", "", 1.0))),
]


def test_a_figure_is_its_name_unit_and_world() -> None:
    found = estimates(TAKEN, level=0.95)
    assert [(each.name, each.world, each.n, each.mean) for each in found] == [
        ("cost", "off", 2, 3.0),
        ("fall", "", 2, 6.0),
        ("late", "", 1, 1.0),
    ]


def test_tables_have_their_types_also_without_rows() -> None:
    assert summary_table([]).schema == summary_table(estimates(TAKEN, level=0.95)).schema
    assert figure_table([]).schema == figure_table(TAKEN).schema
    assert summary_table([]).schema.field("n").type == pa.int64()
    assert figure_table(TAKEN).column("seed").to_pylist()[2] == 2**64 - 1
    assert math.isnan(figure_table(TAKEN).column("control").to_pylist()[1])


def test_the_manifest_says_none_where_nothing_can_be_said() -> None:
    cost, fall, late = manifest_entries(estimates(TAKEN, level=0.95))
    assert (cost["n"], cost["between_path_variance"]) == (2, None)
    assert fall["control_mean"] is None
    assert late["low"] is None
