"""Vault contracts: shares, holdings, guards."""
