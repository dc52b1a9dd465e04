"""Which studies there are: one module in ``shoal.experiments.studies``, one public class each."""

from __future__ import annotations

import inspect
import pkgutil
from difflib import get_close_matches
from importlib import import_module

from shoal.experiments import studies as package
from shoal.experiments.errors import InputError, Place
from shoal.experiments.study import Study


class UnknownStudy(InputError):
    """No study of that name."""


def study_names() -> tuple[str, ...]:
    """The names of all studies, without importing them."""
    modules = (each.name for each in pkgutil.iter_modules(package.__path__) if not each.name.startswith("_"))
    return tuple(sorted(name.replace("_", "-") for name in modules))


def find_study(name: str, *, place: str = "the study") -> type[Study]:
    """The class of a study.

    Raises:
        UnknownStudy: no study has that name; the nearest names are in the message.
    """
    known = study_names()
    if name not in known:
        near = get_close_matches(name[:80].lower(), known, n=1, cutoff=0.5)
        remedy = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
        raise UnknownStudy(Place(place), f"there is no study named {name[:80]!r}", remedy)
    return _study_of(name)


def name_of(kind: type[Study]) -> str:
    """The name under which a study is found: that of its module, with hyphens."""
    return kind.__module__.rpartition(".")[2].replace("_", "-")


def _study_of(name: str) -> type[Study]:
    module = import_module(f"{package.__name__}.{name.replace('-', '_')}")
    found = [
        each
        for label, each in inspect.getmembers(module, inspect.isclass)
        if each.__module__ == module.__name__ and issubclass(each, Study) and not label.startswith("_")
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} must hold one public study, and it holds {len(found)}")
    return found[0]
