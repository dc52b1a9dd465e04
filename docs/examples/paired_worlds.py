"""
A study with a control
======================

What did attackers cost? One run cannot tell: without them the prices would have been others, too. So each seed is run
twice on the same draws and the same prices, once with the attack switched off, everybody and every balance kept.
"""

import shoal

found = shoal.run(
    "crash",
    seed=7,
    replicates=2,
    worlds="no-attack",
    hours=0.15,
    generated={"crash_after_hours": 0.03, "crash_minutes": 3.0, "crash_depth": 0.2},
    vaults={"policies": ["threshold"], "band": 0.01, "look_s": 12},
    execution={"form": "at once", "slippage_ppm": 20_000},
    borrowers={"borrowers": 0},
)

# %%
# One row a figure: its mean over the seeds, the interval, and how much variance pairing removed. Two seeds are few.

columns = ["name", "unit", "world", "n", "mean", "low", "high", "correlation", "variance_removed_share"]
found.summary[columns].query("world == 'no-attack'")

# %%
# Every replicate, with the value in the base world and in the control.

found.figures.query("world == 'no-attack'")[["seed", "name", "value", "control", "effect"]]

# %%
# Each world is a result like any other. In the control the searchers looked and sent nothing.

base, control = found.results["seed-7/base"], found.results["seed-7/no-attack"]
assert set(base.table("agents")["owner"]) == set(control.table("agents")["owner"])
assert control.measured.table("attacks").empty
base.measured.attacks_by_attacker

# %%
# Estimates with their intervals, and the replicates behind them.

found.plot()
