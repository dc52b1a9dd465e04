"""Which closed forms there are: one module in ``shoal.experiments.validation.forms``, one public class each."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

from shoal.experiments.validation import forms as package
from shoal.experiments.validation.closed_form import ClosedForm


def closed_forms() -> tuple[ClosedForm, ...]:
    """Every closed form with every parameter set, in the order of the modules' names.

    Raises:
        TypeError: a module holds no public closed form, or more than one.
    """
    names = sorted(each.name for each in pkgutil.iter_modules(package.__path__) if not each.name.startswith("_"))
    return tuple(form for name in names for form in _form_of(name).instances())


def _form_of(name: str) -> type[ClosedForm]:
    module = import_module(f"{package.__name__}.{name}")
    found = [
        each
        for label, each in inspect.getmembers(module, inspect.isclass)
        if each.__module__ == module.__name__ and issubclass(each, ClosedForm) and not label.startswith("_")
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} must hold one public closed form, and it holds {len(found)}")
    return found[0]
