"""
Draws that do not disturb each other
====================================

A draw is a function of the seed, the owner, the purpose and an index. Adding an agent, or switching one off, moves
nobody else's draws: two runs that differ in one action differ by that action's consequences alone.
"""

from shoal.sim.draws import Draws

alone = Draws(7)
arrivals = [alone.stream("alice", "arrival").wait_ns(1e9) for _ in range(3)]
arrivals

# %%
# Another agent draws in between. Alice's arrivals stay what they were.

crowded = Draws(7)
again = []
for _ in range(3):
    crowded.stream("bob", "arrival").wait_ns(1e9)
    again.append(crowded.stream("alice", "arrival").wait_ns(1e9))
assert again == arrivals

# %%
# A draw can be asked for by its index, in any order.

stream = alone.stream("outside market", "price")
assert stream.normal_at(1_000) == Draws(7).stream("outside market", "price").normal_at(1_000)
