from pathlib import Path

import pytest
from tests.experiments.example_studies.paired import Paired

import shoal
from shoal.experiments.errors import MalformedFile
from shoal.experiments.reader import HashMismatch, load_result
from shoal.experiments.replicates.replicates import Replicates


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds on two paths."""
    out = tmp_path_factory.mktemp("replicates") / "out"
    found = shoal.run(Paired(), seed=7, replicates=2, paths=2, level=0.9, out=out)
    assert isinstance(found, Replicates)
    return out


def test_what_is_loaded_is_what_was_returned(folder: Path, tmp_path: Path) -> None:
    loaded = shoal.load(folder)
    assert isinstance(loaded, Replicates)
    made = shoal.run(Paired(), seed=7, replicates=2, paths=2, level=0.9, out=tmp_path / "out")
    assert loaded.summary.equals(made.summary)
    assert loaded.figures.equals(made.figures)
    assert loaded.complete
    assert loaded.failures == {}
    assert repr(loaded) == "<4 replicates of paired (base, no-push, half-push): complete, 12 worlds>"
    assert "<table" in loaded._repr_html_()


def test_the_tables_have_a_row_a_figure_and_a_row_a_figure_and_replicate(folder: Path) -> None:
    loaded = shoal.load(folder)
    assert isinstance(loaded, Replicates)
    assert list(zip(loaded.summary["name"], loaded.summary["world"], strict=True)) == [
        ("level", ""),
        ("level", "no-push"),
        ("level", "half-push"),
    ]
    assert loaded.summary["level"].tolist() == [0.9] * 3
    figures = loaded.figures
    assert len(figures) == 3 * 4
    assert figures["replicate"].unique().tolist() == [1, 2, 3, 4]
    assert figures["path"].tolist() == [1] * 6 + [2] * 6
    assert figures["seed"].unique().tolist() == [7, 8, 9, 10]
    paired = figures[figures["world"] != ""]
    assert (paired["value"] - paired["control"]).tolist() == paired["effect"].tolist()
    alone = figures[figures["world"] == ""]
    assert alone["control"].isna().all()
    assert alone["effect"].tolist() == alone["value"].tolist()


def test_the_estimates_stand_in_the_manifest(folder: Path) -> None:
    loaded = shoal.load(folder)
    assert isinstance(loaded, Replicates)
    first = loaded.manifest["estimates"][0]
    assert first["control_mean"] is None
    assert (first["name"], first["n"], first["mean"]) == ("level", 4, loaded.summary["mean"][0])
    assert loaded.manifest["kind"] == "replicates"
    assert loaded.manifest["worlds"] == ["base", "no-push", "half-push"]
    assert loaded.manifest["seeds"] == [7, 8, 9, 10]


def test_worlds_are_found_by_seed_and_by_folder(folder: Path) -> None:
    loaded = shoal.load(folder)
    assert isinstance(loaded, Replicates)
    assert len(loaded.results) == 12
    assert "path-2/seed-9/no-push" in loaded.results
    assert loaded.result(9, "no-push") is loaded.results["path-2/seed-9/no-push"]
    assert loaded.result(10).manifest["path_seed"] == 8
    with pytest.raises(KeyError, match="no finished world 'nowhere'"):
        loaded.result(7, "nowhere")
    with pytest.raises(KeyError, match="there are path-1/seed-7/base"):
        loaded.results["seed-7/base"]


def test_replicates_are_not_one_result(folder: Path) -> None:
    with pytest.raises(MalformedFile, match="it holds replicates, not one result"):
        load_result(folder)


def test_a_changed_summary_is_found_out(folder: Path, tmp_path: Path) -> None:
    made = shoal.run(Paired(), replicates=1, out=tmp_path / "out")
    path = made.folder / "summary.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(HashMismatch):
        shoal.load(made.folder)
