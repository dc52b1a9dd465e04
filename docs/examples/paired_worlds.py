"""
A study with a control
======================

What did attackers cost? One run cannot tell: without them the prices would have been others, too. So the world is run
twice on the same draws and the same prices, once with the attack switched off, everybody and every balance kept.
"""

import pandas as pd

import shoal
from shoal.experiments.market.loop_parameters import BorrowerGroup, ExecutionGroup, VaultGroup
from shoal.experiments.studies.crash import Crash

study = Crash(
    vaults=VaultGroup(policies=("threshold",), look_s=12.0),
    execution=ExecutionGroup(form="at once", slippage_ppm=20_000),
    borrowers=BorrowerGroup(borrowers=0),
)
span = {"seed": 7, "hours": 0.07, "generated": {"crash_after_hours": 0.01, "crash_minutes": 2.0, "crash_depth": 0.15}}
base, control = (shoal.run(one, **span) for one in (study, study.counterfactuals()["no-attack"]))

# %%
# In the control the searchers have their money, look, and send nothing.

assert control.measured.table("attacks").empty
searchers = [run.table("agents").query("owner.str.startswith('sandwicher')") for run in (base, control)]
assert searchers[0]["start_raw"].tolist() == searchers[1]["start_raw"].tolist()
base.measured.attacks_by_victim

# %%
# The attribution of each rebalance names what attackers took of it, by executing the block again without them.

base.measured.attribution[["vault", "reason", "adversary_bps", "total_bps"]]

# %%
# The study's own figures: the value, its control, and which world that is from. The effect stands beside the
# attribution and never inside it. One pair is no estimate: ``--replicates`` runs many, with intervals.

pd.DataFrame(study.figures({"base": base, "no-attack": control}))
