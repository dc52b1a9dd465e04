"""Closed forms of the literature, reproduced on the same World, hosts and venues as the studies."""

from shoal.experiments.validation.check import Check
from shoal.experiments.validation.registry import closed_forms
from shoal.experiments.validation.runner import run_all

__all__ = ["Check", "closed_forms", "run_all"]
