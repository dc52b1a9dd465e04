"""What a closed form is: independent replications of a world, and what theory says about their mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Self

from shoal.experiments.validation.check import Estimate

Sample = tuple[float, ...]


@dataclass(frozen=True)
class ClosedForm(ABC):
    """A result of the literature and the experiment that must reproduce it.

    A subclass is a frozen dataclass whose fields are the parameters. ``replicate`` builds a world on the real hosts
    and venues, runs it and returns figures; ``estimate`` compares all replications with the theory.
    """

    source: ClassVar[str]

    @classmethod
    def instances(cls) -> tuple[Self, ...]:
        """The parameter sets that are validated; by default the one of the defaults."""
        return (cls(),)

    @property
    @abstractmethod
    def name(self) -> str:
        """What is validated, with its parameters."""

    @abstractmethod
    def replications(self, *, quick: bool) -> int:
        """How many independent worlds are run."""

    @abstractmethod
    def replicate(self, seed: int) -> Sample:
        """Run one world and return its figures."""

    @abstractmethod
    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """Compare the figures of all worlds with the theory."""

    def seed_of(self, seed: int, number: int) -> int:
        """The seed of replication ``number``: no two forms or replications share one."""
        digest = sha256(f"{seed}\x1f{self.name}\x1f{number}".encode()).digest()
        return int.from_bytes(digest[:8], "little")

    def run(self, seed: int, *, quick: bool) -> tuple[Estimate, ...]:
        """Run all replications one after the other and compare."""
        numbers = range(self.replications(quick=quick))
        return self.estimate([self.replicate(self.seed_of(seed, number)) for number in numbers])
