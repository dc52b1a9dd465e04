"""
Exact money
===========

Whatever belongs to somebody is a whole number of base units. Text becomes base units exactly, transfers conserve, and a
journal takes back what was refused.
"""

from shoal.sim.journal import Journal
from shoal.sim.ledger import Ledger
from shoal.sim.units import Account, Asset

bitcoin = Asset("BTC", 8)
bitcoin.amount("0.00000001"), bitcoin.text(123_456_789)

# %%
# An account is an owner on a host: the same owner's money on an exchange is not its money on a chain.

journal = Journal()
ledger = Ledger(journal)
alice, bob = Account("alice", "exchange"), Account("bob", "exchange")
ledger.mint(bitcoin, alice, bitcoin.amount("2.5"))
ledger.transfer(bitcoin, alice, bob, bitcoin.amount("0.1"))
[(str(account), bitcoin.text(held)) for account, held in ledger.holders(bitcoin)]

# %%
# A mark is a place to come back to. What a refused call has written is undone, byte for byte, at a cost
# that follows what was touched.

before = ledger.state_bytes()
mark = journal.mark()
ledger.transfer(bitcoin, bob, alice, 1)
journal.undo(mark)
assert ledger.state_bytes() == before

# %%
# At any moment, minted less burned less the sum of all balances is 0.

assert ledger.difference(bitcoin) == 0
