"""Blocks and transactions as the tables hold them."""

from __future__ import annotations

from tests.sim.stand import BLOCK_NS, GWEI, SECOND, chain_world, deposit, fund, put, transaction


def test_tables_of_blocks_and_transactions_agree() -> None:
    world, chain, _ = chain_world()
    fund(world, "alice", "bob")
    put(chain, transaction("alice", deposit(1), tip=2))
    put(chain, transaction("bob", deposit(10**9), tip=1))
    put(chain, transaction("bob", deposit(1), tip=5, fee=1))
    world.run(until_ns=2 * BLOCK_NS + SECOND)
    world.records.close()
    blocks = world.records.tables["blocks"].arrow().to_pylist()
    transactions = world.records.tables["transactions"].arrow().to_pylist()
    assert [block["transactions"] for block in blocks] == [2, 0]
    first = [row for row in transactions if row["block"] == 1]
    assert sum(row["gas_used"] for row in first) == blocks[0]["gas_used"]
    assert sum(row["fee_raw"] for row in first) == blocks[0]["burnt_raw"] + blocks[0]["tips_raw"]
    assert [row["result"] for row in first] == ["ok", "InsufficientFunds"]
    assert [row["tip_wei"] for row in first] == [2, 1]
    [refused] = [row for row in transactions if row["block"] == -1]
    assert (refused["result"], refused["position"], refused["gas_used"], refused["fee_raw"]) == (
        "FeeCapTooLow",
        -1,
        0,
        0,
    )
    assert world.transactions == len(transactions) == 3
    assert blocks[1]["base_fee_wei"] < blocks[0]["base_fee_wei"] == GWEI


def test_block_news_tells_the_next_base_fee() -> None:
    world, chain, _ = chain_world()
    world.run(until_ns=BLOCK_NS + 1)
    news = chain.news.read("chain")
    assert news is not None
    assert (news.item.number, news.item.time_ns) == (1, BLOCK_NS)
    assert (news.item.base_fee_wei, news.item.next_base_fee_wei) == (GWEI, chain.base_fee_wei)
