"""How a rebalance is carried out; one file each."""
