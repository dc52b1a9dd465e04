"""Which bundles are attacks."""

from shoal.experiments.sandwiches import sandwiches
from shoal.sim.calls import Bundle, Receipt, Transaction
from shoal.sim.hosts.block import Landed
from shoal.sim.hosts.mempool import Pending


def landed(*signers: str, owner: str = "bob", sequence: int = 1) -> list[Landed]:
    """A bundle of bob's as it lands: what he carried came from the public pool."""
    transactions = tuple(Transaction(signer, ()) for signer in signers)
    whole = Pending(transactions, Bundle(transactions), sequence, 0, 0, "", "builder", None, owner=owner)
    return [
        Landed(
            whole if one.sender == owner else Pending((one,), None, 99, 0, 0, "", None, None),
            one,
            Receipt(0, calls=()),
            0,
        )
        for one in transactions
    ]


def test_own_before_anothers_is_an_attack() -> None:
    block = [*landed("x", owner="x", sequence=5), *landed("bob", "ann", "bob")]
    (found,) = sandwiches(block)
    assert (found.attacker, found.number) == ("bob", 1)
    assert [found.before, found.victims, found.after] == [(block[1],), (block[2],), (block[3],)]
    assert found.own == (block[1], block[3])


def test_several_victims_and_no_way_back() -> None:
    (found,) = sandwiches(landed("bob", "ann", "cyd"))
    assert [one.transaction.sender for one in found.victims] == ["ann", "cyd"]
    assert found.after == ()


def test_following_bundling_ones_own_and_plain_transactions_are_none() -> None:
    plain = Transaction("ann", ())
    public = Landed(Pending((plain,), None, 3, 0, 0, "", None, None), plain, Receipt(0), 0)
    assert sandwiches([*landed("ann", "bob"), *landed("bob", "bob", sequence=2), public]) == []
