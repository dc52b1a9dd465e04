"""The ledger conserves: minted - burned = the sum of all balances, at every moment."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shoal.sim.errors import InsufficientFunds
from shoal.sim.journal import Journal
from shoal.sim.ledger import Ledger
from shoal.sim.units import Account, Asset

ASSETS = (Asset("A", 0), Asset("B", 18))
ACCOUNTS = tuple(Account(owner, host) for owner in ("alice", "bob") for host in ("chain", "exchange"))

any_asset = st.sampled_from(ASSETS)
any_account = st.sampled_from(ACCOUNTS)
any_amount = st.integers(0, 20) | st.sampled_from([10**40, 2**256])


class Books(RuleBasedStateMachine):
    """Random transfers, mints, burns, marks and undos beside a plain dict as oracle."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(Journal())
        self.model: dict[tuple[Asset, Account], int] = {}
        self.marks: list[tuple[int, dict[tuple[Asset, Account], int], bytes]] = []

    def held(self, asset: Asset, account: Account) -> int:
        return self.model.get((asset, account), 0)

    @rule(asset=any_asset, account=any_account, amount=any_amount)
    def mint(self, asset: Asset, account: Account, amount: int) -> None:
        self.ledger.mint(asset, account, amount)
        self.model[asset, account] = self.held(asset, account) + amount

    @rule(asset=any_asset, account=any_account, amount=any_amount)
    def burn(self, asset: Asset, account: Account, amount: int) -> None:
        if amount > self.held(asset, account):
            before = self.ledger.state_bytes()
            with pytest.raises(InsufficientFunds):
                self.ledger.burn(asset, account, amount)
            assert self.ledger.state_bytes() == before
        else:
            self.ledger.burn(asset, account, amount)
            self.model[asset, account] = self.held(asset, account) - amount

    @rule(asset=any_asset, source=any_account, receiver=any_account, amount=any_amount)
    def transfer(self, asset: Asset, source: Account, receiver: Account, amount: int) -> None:
        if amount > self.held(asset, source):
            before, mark = self.ledger.state_bytes(), self.ledger.journal.mark()
            with pytest.raises(InsufficientFunds):
                self.ledger.transfer(asset, source, receiver, amount)
            assert self.ledger.state_bytes() == before
            assert self.ledger.journal.mark() == mark
        else:
            self.ledger.transfer(asset, source, receiver, amount)
            self.model[asset, source] = self.held(asset, source) - amount
            self.model[asset, receiver] = self.held(asset, receiver) + amount

    @rule()
    def mark(self) -> None:
        self.marks.append((self.ledger.journal.mark(), dict(self.model), self.ledger.state_bytes()))

    @rule()
    def undo(self) -> None:
        if self.marks:
            mark, self.model, before = self.marks.pop()
            self.ledger.journal.undo(mark)
            assert self.ledger.state_bytes() == before

    @invariant()
    def conserves(self) -> None:
        assert all(self.ledger.difference(asset) == 0 for asset in ASSETS)

    @invariant()
    def equals_the_model(self) -> None:
        for asset in ASSETS:
            for account in ACCOUNTS:
                assert self.ledger.balance(asset, account) == self.held(asset, account)
            listed = dict(self.ledger.holders(asset))
            assert listed == {of: held for (kind, of), held in self.model.items() if kind == asset and held}


TestBooks = Books.TestCase

ALICE, BOB = ACCOUNTS[0], ACCOUNTS[2]


@pytest.mark.parametrize("amount", [-1, 1.0, True, "1", None, float("nan")])
@pytest.mark.parametrize("verb", ["transfer", "mint", "burn"])
def test_an_amount_is_a_whole_number(verb: str, amount: Any) -> None:
    ledger = Ledger(Journal())
    ledger.mint(ASSETS[0], ALICE, 10)
    accounts = (ALICE, BOB) if verb == "transfer" else (ALICE,)
    with pytest.raises(ValueError, match="whole number >= 0"):
        getattr(ledger, verb)(ASSETS[0], *accounts, amount)
    assert ledger.balance(ASSETS[0], ALICE) == 10
    assert ledger.difference(ASSETS[0]) == 0


def test_the_refusal_says_who_had_what() -> None:
    ledger = Ledger(Journal())
    ledger.mint(ASSETS[0], ALICE, 3)
    with pytest.raises(InsufficientFunds) as caught:
        ledger.transfer(ASSETS[0], ALICE, BOB, 4)
    assert str(caught.value) == "alice on chain: insufficient funds: had 3 A base units, needed 4 A base units"
    assert caught.value.code == "InsufficientFunds"


def test_the_same_owner_elsewhere_is_another_account() -> None:
    ledger = Ledger(Journal())
    ledger.mint(ASSETS[0], Account("alice", "chain"), 3)
    assert ledger.balance(ASSETS[0], Account("alice", "exchange")) == 0


def test_minting_and_burning_are_counted() -> None:
    ledger = Ledger(Journal())
    ledger.mint(ASSETS[0], ALICE, 7)
    ledger.burn(ASSETS[0], ALICE, 2)
    assert (ledger.minted(ASSETS[0]), ledger.burned(ASSETS[0]), ledger.minted(ASSETS[1])) == (7, 2, 0)


@given(st.lists(st.tuples(any_asset, any_account, st.integers(1, 9)), max_size=12))
def test_equal_balances_have_equal_bytes_whatever_the_order(mints: list[tuple[Asset, Account, int]]) -> None:
    forth, back = Ledger(Journal()), Ledger(Journal())
    for mint in mints:
        forth.mint(*mint)
    for mint in reversed(mints):
        back.mint(*mint)
    assert forth.state_bytes() == back.state_bytes()


def test_an_emptied_account_leaves_no_trace_in_the_bytes() -> None:
    one, other = Ledger(Journal()), Ledger(Journal())
    for ledger in (one, other):
        ledger.mint(ASSETS[0], ALICE, 5)
    one.transfer(ASSETS[0], ALICE, BOB, 5)
    one.transfer(ASSETS[0], BOB, ALICE, 5)
    assert one.state_bytes() == other.state_bytes()


def test_bytes_of_one_host_tell_nothing_of_another() -> None:
    ledger = Ledger(Journal())
    ledger.mint(ASSETS[0], Account("alice", "chain"), 5)
    before = ledger.state_bytes("chain")
    ledger.mint(ASSETS[0], Account("alice", "exchange"), 5)
    assert ledger.state_bytes("chain") == before
    assert ledger.state_bytes("exchange") != b""


def test_asking_after_an_unknown_asset_does_not_make_it_known() -> None:
    ledger = Ledger(Journal())
    assert ledger.balance(ASSETS[0], ALICE) == 0
    assert ledger.difference(ASSETS[0]) == 0
    assert list(ledger.holders(ASSETS[0])) == []
    with pytest.raises(InsufficientFunds):
        ledger.transfer(ASSETS[0], ALICE, BOB, 1)
    assert ledger.assets == ()


def test_all_balances_of_an_account() -> None:
    ledger = Ledger(Journal())
    ledger.mint(ASSETS[0], ALICE, 3)
    ledger.mint(ASSETS[1], ALICE, 4)
    ledger.mint(ASSETS[1], BOB, 5)
    ledger.transfer(ASSETS[0], ALICE, BOB, 3)
    assert ledger.balances(ALICE) == {ASSETS[0]: 0, ASSETS[1]: 4}
    assert ledger.balances(BOB) == {ASSETS[0]: 3, ASSETS[1]: 5}
    assert ledger.balances(ACCOUNTS[1]) == {}
