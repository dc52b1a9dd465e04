"""Replicates: the same study on many seeds, each with its counterfactual worlds, and what they say together."""
