import pytest

from shoal.experiments.registry import UnknownStudy, find_study, name_of, study_names
from shoal.experiments.study import Study


def test_a_module_is_a_study(tiny: type[Study]) -> None:
    assert "tiny" in study_names()
    assert find_study("tiny") is tiny
    assert name_of(tiny) == "tiny"


@pytest.mark.parametrize("name", ["tyni", "tin", "Tiny", "TINY", "tiny2", "tiiny", "tnyi"])
def test_the_nearest_name_is_offered(tiny: type[Study], name: str) -> None:
    with pytest.raises(UnknownStudy, match="Did you mean 'tiny'"):
        find_study(name)


@pytest.mark.parametrize(
    "name", ["", "..", "../tiny", "os", "tiny.Watcher", "a/b", "x" * 300, "\0", "=cmd()", "🐟", "CON", "tiny."]
)
def test_whatever_is_no_study_is_refused_and_nothing_is_imported(tiny: type[Study], name: str) -> None:
    with pytest.raises(UnknownStudy, match="there is no study named"):
        find_study(name)
