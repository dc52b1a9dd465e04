"""A block while it is built, what landed in it, and the tables that keep both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from shoal.sim.calls import Receipt, Transaction
from shoal.sim.hosts.mempool import Pending
from shoal.sim.records import Records, Schema
from shoal.sim.units import Asset

BLOCKS: Final = Schema(
    "blocks",
    (
        ("time_ns", "int"),
        ("host", "text"),
        ("number", "int"),
        ("builder", "text"),
        ("base_fee_wei", "int"),
        ("gas_limit", "int"),
        ("gas_used", "int"),
        ("background_gas", "int"),
        ("transactions", "int"),
        ("left_waiting", "int"),
        ("burnt_raw", "raw"),
        ("burnt_tokens", "float"),
        ("tips_raw", "raw"),
        ("tips_tokens", "float"),
    ),
)
TRANSACTIONS: Final = Schema(
    "transactions",
    (
        ("time_ns", "int"),
        ("host", "text"),
        ("block", "int"),
        ("position", "int"),
        ("number", "int"),
        ("sender", "text"),
        ("calls", "int"),
        ("result", "text"),
        ("gas_used", "int"),
        ("base_fee_wei", "int"),
        ("tip_wei", "int"),
        ("fee_raw", "raw"),
        ("fee_tokens", "float"),
        ("sent_ns", "int"),
        ("arrival_ns", "int"),
        ("visibility", "text"),
        ("bundle", "int"),
    ),
)


class BlockNews(NamedTuple):
    """What a chain publishes with each block."""

    number: int
    time_ns: int
    base_fee_wei: int
    next_base_fee_wei: int
    gas_used: int


@dataclass(slots=True)
class Block:
    """A block while it is built; amounts in base units of the native asset."""

    number: int
    time_ns: int
    builder: str
    base_fee_wei: int
    background_gas: int = 0
    gas_used: int = 0
    burnt_wei: int = 0
    tips_wei: int = 0


class Landed(NamedTuple):
    """One transaction in a block: where it waited, what it got, and its tip per gas."""

    pending: Pending
    transaction: Transaction
    receipt: Receipt
    tip_wei: int


class BlockBook:
    """Writes blocks and transactions of one chain into the tables."""

    def __init__(self, records: Records, host: str, native: Asset) -> None:
        self._blocks = records.table(BLOCKS)
        self._transactions = records.table(TRANSACTIONS)
        self._host = host
        self._native = native

    def block(self, block: Block, *, gas_limit: int, gas_used: int, transactions: int, waiting: int) -> None:
        """Write a finished block; ``gas_used`` includes the background."""
        unit = self._native.unit
        self._blocks.append(
            (
                block.time_ns,
                self._host,
                block.number,
                block.builder,
                block.base_fee_wei,
                gas_limit,
                gas_used,
                gas_used - block.gas_used,
                transactions,
                waiting,
                block.burnt_wei,
                block.burnt_wei / unit,
                block.tips_wei,
                block.tips_wei / unit,
            )
        )

    def transaction(self, landed: Landed, block: Block | None, now_ns: int) -> None:
        """Write a transaction that landed, or (without a block) one that was refused."""
        pending, transaction, receipt, tip_wei = landed
        self._transactions.append(
            (
                now_ns,
                self._host,
                -1 if block is None else block.number,
                -1 if receipt.position is None else receipt.position,
                receipt.number,
                transaction.sender,
                len(transaction.calls),
                "ok" if receipt.refusal is None else receipt.refusal.code,
                receipt.gas_used,
                0 if block is None else block.base_fee_wei,
                tip_wei,
                receipt.fee_wei,
                receipt.fee_wei / self._native.unit,
                pending.sent_ns,
                pending.arrival_ns,
                "public" if pending.builder is None else pending.builder,
                0 if pending.bundle is None else pending.sequence,
            )
        )
