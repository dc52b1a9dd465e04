"""What a host expects of a venue, and what it hands to it."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar, Protocol

from shoal.sim.calls import Call, Outcome
from shoal.sim.errors import BadArguments, UnknownVerb
from shoal.sim.journal import Journal
from shoal.sim.ledger import Ledger
from shoal.sim.units import Account, Asset


class Runner(Protocol):
    """Executes inner calls in the same transaction."""

    def __call__(self, calls: tuple[Call, ...], sender: str | None = None, /) -> tuple[Outcome, ...]:
        """Run them on the transaction sender's behalf, or on that of the venue that says its own name."""


class Context:
    """What a venue may touch while it executes one call: the ledger, its journal, and the time.

    ``now_ns`` is the exchange's clock or the block's timestamp. ``run(calls)`` executes the inner calls of a flash
    loan in the same transaction, on the sender's behalf; a venue that trades for itself, such as a vault, says
    ``run(calls, self.name)``.
    """

    __slots__ = ("host", "journal", "ledger", "now_ns", "run", "sender", "sender_account")

    def __init__(
        self,
        ledger: Ledger,
        host: str,
        sender: str,
        now_ns: int,
        run: Runner,
    ) -> None:
        self.ledger = ledger
        self.journal: Journal = ledger.journal
        self.host = host
        self.sender = sender
        self.sender_account = Account(sender, host)
        self.now_ns = now_ns
        self.run = run

    @property
    def now_s(self) -> int:
        """Whole seconds since the Unix epoch, as a contract sees them."""
        return self.now_ns // 1_000_000_000


def nothing_runs(calls: tuple[Call, ...], sender: str | None = None, /) -> tuple[Outcome, ...]:
    """The runner of a quote: inner calls are left out."""
    return ()


@cache
def _signature(handler: Callable[..., Outcome]) -> tuple[frozenset[str], frozenset[str], bool]:
    """Names a verb accepts, those it requires, and whether it runs inner calls, which are no argument."""
    # The first two parameters are the venue and the context.
    parameters = list(inspect.signature(handler).parameters.values())[2:]
    required = frozenset(one.name for one in parameters if one.default is inspect.Parameter.empty)
    names = frozenset(one.name for one in parameters)
    return names - {"inner"}, required, "inner" in names


class Venue(ABC):
    """A state machine that exchanges, lends, prices or holds; no clock, no I/O, no randomness inside.

    A subclass lists its verbs in ``verbs`` (name to method name). Each is a method ``(self, context, **arguments)``
    that returns an ``Outcome`` or raises a ``Refusal``; all its writes to its own state go through
    ``context.journal.write(vars(self), "name", value)`` or the journal on a dict, so that the host can undo them.
    A venue that checks first and applies last, and lives on an exchange only, may write directly and says so.
    """

    verbs: ClassVar[Mapping[str, str]]
    undoable: ClassVar[bool] = True
    """Whether its writes go through the journal; one whose do not is no venue for a chain."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.account = Account(name, "")

    def place(self, host: str) -> None:
        """Tell the venue which host it lives on; its own account is (its name, that host)."""
        self.account = Account(self.name, host)

    def execute(self, call: Call, context: Context) -> Outcome:
        """Carry out a call.

        Raises:
            Refusal: the call was refused; the host undoes what was written.
        """
        method = self.verbs.get(call.verb)
        if method is None:
            raise UnknownVerb(f"{self.name}.{call.verb}", None, " or ".join(sorted(self.verbs)))
        handler = getattr(type(self), method)
        accepted, required, runs_inner = _signature(handler)
        given = call.arguments.keys()
        if not (given <= accepted and required <= given):
            names = sorted(shown(name).strip("'") for name in given)
            raise BadArguments(f"{self.name}.{call.verb}", names, sorted(accepted))
        if call.inner:
            if not runs_inner:
                raise BadArguments(f"{self.name}.{call.verb}", "inner calls", "none")
            outcome: Outcome = handler(self, context, **call.arguments, inner=call.inner)
        else:
            outcome = handler(self, context, **call.arguments)
        return outcome

    @abstractmethod
    def quote(self, call: Call, *, now_ns: int) -> Outcome:
        """What the call would give now to a sender with enough funds; changes nothing.

        Raises:
            Refusal: as ``execute`` would, funds apart.
        """

    @abstractmethod
    def state_bytes(self) -> bytes:
        """The venue's own state in canonical form; equal states, equal bytes."""

    @abstractmethod
    def gas(self, verb: str) -> int:
        """Gas units that a verb uses on a chain, intrinsic gas apart."""

    def inner_gas(self, verb: str) -> int:
        """Gas of the calls that the verb itself makes to other venues, for which a sender's gas limit must allow."""
        return 0

    @abstractmethod
    def published(self, now_ns: int) -> Any:
        """What the venue's feed shows, as an immutable value."""

    @property
    @abstractmethod
    def assets(self) -> tuple[Asset, ...]:
        """The assets it deals in."""

    @property
    def share_assets(self) -> tuple[Asset, ...]:
        """Assets that are nothing but a claim on what the venue holds, such as liquidity tokens."""
        return ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Limits this venue stands for, in words for a report: what a reader must not take for a market as it is."""
        return ()

    def _repr_html_(self) -> str:
        """What a notebook shows; prices are in the world's card, which knows the time."""
        from shoal.sim.cards import venue_html

        return venue_html(self)

    def claims(self, ledger: Ledger) -> Mapping[str, Mapping[Asset, int]]:
        """By owner, the part of the venue's balances that is the owner's: escrow, or a share of the reserves.

        Rounded down; whoever counts who owns what adds this to the owner and takes it off the venue.
        """
        return {}


def whole(value: object, who: str, name: str, *, minimum: int = 0, maximum: int = 2**256 - 1) -> int:
    """Check an argument that must be a whole number within bounds.

    Raises:
        BadArguments: anything else: a bool, a float, text, NaN, a negative or huge number.
    """
    if type(value) is not int or not minimum <= value <= maximum:
        raise BadArguments(who, f"{name}={shown(value)}", f"a whole number from {minimum} to {maximum}")
    return value


def shown(value: object) -> str:
    """What a refusal shows of an argument, whatever it is.

    >>> shown(1.5), shown(10**5_000)
    ('1.5', '<int>')
    """
    try:
        return repr(value)[:60]
    except Exception:
        # Python refuses to write ints of thousands of digits, and an agent's own object may do as it likes.
        return f"<{type(value).__name__}>"
