"""Shoal: a laboratory for markets under stress.

The names below are loaded on first use, so that ``import shoal`` stays quick.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["__version__", "load", "run", "studies", "validate"]

_HOME = "shoal.experiments.api"

if TYPE_CHECKING:
    from shoal.experiments.api import load, run, studies, validate


def __getattr__(name: str) -> object:
    """Load a public name on first use (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'shoal' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_HOME), name)
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
