"""What can go wrong, by name: refusals an agent may handle, and failures that end a run.

SimPy hands a failure to the waiting process as a fresh copy, ``type(error)(*error.args)``. Every error here can
therefore be rebuilt from its ``args``.
"""

from __future__ import annotations


class ShoalError(Exception):
    """The root of every error that Shoal raises on purpose."""


class Refusal(ShoalError):
    """A market condition that stopped a call; nothing has changed.

    Args:
        who: the account, venue or agent that was refused.
        had: what there was.
        needed: what would have been needed.
        unit: the unit of both.

    >>> print(InsufficientFunds("alice on binance", 5, 7, "BTC base units"))
    alice on binance: insufficient funds: had 5 BTC base units, needed 7 BTC base units
    """

    happened = "refused"

    def __init__(self, who: str, had: object = None, needed: object = None, unit: str = "") -> None:
        super().__init__(who, had, needed, unit)
        self.who = who
        self.had = had
        self.needed = needed
        self.unit = unit

    @property
    def code(self) -> str:
        """The name under which records hold this refusal."""
        return type(self).__name__

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        parts = []
        if self.had is not None:
            parts.append(f"had {self.had}{unit}")
        if self.needed is not None:
            parts.append(f"needed {self.needed}{unit}")
        detail = ": " + ", ".join(parts) if parts else ""
        return f"{self.who}: {self.happened}{detail}"


class InsufficientFunds(Refusal):
    """An account holds less than it is asked to pay."""

    happened = "insufficient funds"


class VenueError(Refusal):
    """A venue refused a call."""

    happened = "the venue refused"


class UnknownVenue(VenueError):
    """No venue of that name lives on this host."""

    happened = "no such venue here"


class UnknownVerb(VenueError):
    """The venue has no such verb."""

    happened = "no such verb"


class BadArguments(VenueError):
    """The arguments are not what the verb takes: missing, unknown, or not whole numbers where those are due."""

    happened = "bad arguments"


class SlippageExceeded(VenueError):
    """The trade would give less, or cost more, than the sender's limit."""

    happened = "slippage beyond the limit"


class InsufficientLiquidity(VenueError):
    """The venue does not hold enough for this trade."""

    happened = "insufficient liquidity"


class InsufficientInput(VenueError):
    """Nothing, or too little to buy a single base unit, was put in."""

    happened = "insufficient input"


class InvariantViolated(VenueError):
    """The trade would leave the pool with less than its invariant demands."""

    happened = "the pool's invariant would fall"


class Overflow(VenueError):
    """A number would not fit into the contract's integer."""

    happened = "too large for the contract"


class Locked(VenueError):
    """The venue is in the middle of another call, which lent its assets and waits for them."""

    happened = "locked by an unfinished call"


class Expired(VenueError):
    """The deadline of the request had passed when it was executed."""

    happened = "expired"


class TransactionRefused(Refusal):
    """A transaction was not admitted to the pool, or left it without being included."""

    happened = "transaction refused"


class NotPublic(TransactionRefused):
    """A bundle holds a transaction of somebody else that does not wait in the public pool, or none of its sender's."""

    happened = "not a public transaction"


class NonceTooLow(TransactionRefused):
    """The nonce was used already."""

    happened = "nonce already used"


class ReplacementUnderpriced(TransactionRefused):
    """A replacement must raise both fee caps by the chain's minimum bump."""

    happened = "replacement underpriced"


class GasLimitExceeded(TransactionRefused):
    """The gas limit is above the cap of a transaction, or below what its calls declare."""

    happened = "gas limit out of bounds"


class FeeCapTooLow(TransactionRefused):
    """The fee cap is below the tip, or below the base fee."""

    happened = "fee cap too low"


class DroppedFromPool(TransactionRefused):
    """The transaction waited longer than the pool keeps anything, was replaced, or its bundle's block has passed."""

    happened = "dropped from the pool"


class WouldRevert(TransactionRefused):
    """A private transaction or bundle under revert protection would have reverted; nothing was charged."""

    happened = "left out by the builder: it would revert"


class RoutingError(Refusal):
    """An order, or a curve it should be routed over, makes no sense."""

    happened = "cannot be routed"


class RunError(ShoalError):
    """A run ended early; what was recorded until then is readable."""


class AgentFailed(RunError):
    """An agent raised an exception or yielded something that is no event.

    Args:
        agent: the agent's name.
        time_ns: simulated time of the failure, nanoseconds since the Unix epoch.
        reason: the exception's type and text.
        traceback: the agent's traceback.
    """

    def __init__(self, agent: str, time_ns: int, reason: str, traceback: str = "") -> None:
        super().__init__(agent, time_ns, reason, traceback)
        self.agent = agent
        self.time_ns = time_ns
        self.reason = reason
        self.traceback = traceback

    def __str__(self) -> str:
        return f"agent {self.agent!r} failed at {self.time_ns} ns: {self.reason}"


class ClockStuck(RunError):
    """More events than the limit ran at one instant: something wakes itself for ever without letting time pass.

    Args:
        time_ns: the instant.
        events: how many events ran at it.
        agent: the agent that was active last.
    """

    def __init__(self, time_ns: int, events: int, agent: str) -> None:
        super().__init__(time_ns, events, agent)
        self.time_ns = time_ns
        self.events = events
        self.agent = agent

    def __str__(self) -> str:
        return (
            f"{self.events} events at the single instant {self.time_ns} ns; last active agent {self.agent!r}. "
            "It must let time pass: yield self.sleep(...)."
        )
