"""
A vault that rebalances by threshold
====================================

The study ``crash`` with two vaults and nothing else that is new: one keeps 30 % in BTC and 30 % in ETH and trades when
a weight has drifted by 1 %, the other holds what it was given. The prices fall by a fifth in four minutes.
"""

import shoal

result = shoal.run(
    "crash",
    seed=7,
    hours=0.2,
    generated={"crash_after_hours": 0.04, "crash_minutes": 4.0, "crash_depth": 0.2},
    vaults={"policies": ["threshold", "hold"], "look_s": 12, "band": 0.01, "capital_quote_tokens": "2000000"},
    borrowers={"borrowers": 0},
)

# %%
# Each decision, why it was taken, and what came of it. It is carried out in slices, one a minute, each routed anew at
# the prices of its time, until the weights are there.

result.rebalances[["decided_ns", "vault", "reason", "result", "why"]]

# %%
# The legs, exact in what was paid. The reference is the mean mid of the world's venues at the decision.

result.vault_orders[["venue", "asset_in", "asset_out", "amount_in_raw", "amount_out_raw", "reference", "result"]]

# %%
# What each rebalance cost, in parts that sum to the total, to the base unit.

attributed = result.measured.attribution
parts = ["delay", "fee", "impact", "ordering", "adversary", "gas", "unfilled"]
assert attributed[[f"{part}_raw" for part in parts]].sum(axis=1).equals(attributed["total_raw"])
attributed[["vault", *(f"{part}_bps" for part in parts), "total_bps"]].round(2)

# %%
# Weights over time: the threshold comes back to its target, the other drifts.

result.plot.weights()

# %%
# The paper twin trades the same weights free at the reference: what it is worth more is what trading cost.

result.measured.vault_results[["vault", "return_bps", "twin_return_bps", "cost_bps", "rebalances", "turnover"]]
