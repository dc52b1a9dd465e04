"""Vaults: what weights, when, how, and the executor that decides."""
