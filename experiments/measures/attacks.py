"""What attacks took, from whom, and where it went: to searchers, builders and the burn."""

from __future__ import annotations

from typing import Final

import pandas as pd

_SUMS: Final = (
    "gross_quote_tokens",
    "net_quote_tokens",
    "builder_quote_tokens",
    "burnt_quote_tokens",
    "victim_loss_quote_tokens",
)


def attacks_by_attacker(attacks: pd.DataFrame) -> pd.DataFrame:
    """One row an attacker: what its landed attacks gained and how that was split.

    Returns:
        attacker, ``attacks``, ``gross_quote_tokens``; of it ``net_quote_tokens`` kept, ``builder_quote_tokens`` paid to
        builders and proposers, ``burnt_quote_tokens``; ``victim_loss_quote_tokens``; ``kept_share`` of the gross gain.
    """
    return _summed(attacks, ["attacker"])


def attacks_by_victim(attacks: pd.DataFrame) -> pd.DataFrame:
    """One row a kind of victim, the same: who paid."""
    return _summed(attacks, ["victim_kind"])


def attacks_on_vaults(attacks: pd.DataFrame, vault_states: pd.DataFrame) -> pd.DataFrame:
    """One row an attacked vault, the same, in the order of their samples."""
    vaults = list(vault_states["vault"].astype(str).unique())
    table = _summed(attacks[attacks["victim"].isin(vaults)], ["victim"])
    return table.sort_values("victim", key=lambda victims: victims.map(vaults.index), ignore_index=True)


def _summed(attacks: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    groups = attacks.groupby(by, sort=True)
    table = groups[list(_SUMS)].sum()
    table.insert(0, "attacks", groups.size())
    gross = table["gross_quote_tokens"]
    return table.assign(kept_share=table["net_quote_tokens"] / gross.where(gross > 0)).reset_index()
