import pytest
from tests.experiments.running import plan

from shoal.experiments.figure import Figure


def test_the_effect_is_what_the_control_lacks() -> None:
    assert Figure("cost", "bps", 3.0, control=1.0, world="no-attack").effect == 2.0
    assert Figure("cost", "bps", 3.0).effect == 3.0


def test_a_figure_has_a_name() -> None:
    with pytest.raises(ValueError, match="needs a name"):
        Figure("", "bps", 1.0)


@pytest.mark.usefixtures("tiny")
def test_a_study_has_no_counterfactuals_and_no_figures_by_itself() -> None:
    study = plan().study
    assert study.counterfactuals() == {}
    assert tuple(study.figures({})) == ()
