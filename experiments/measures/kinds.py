"""What an owner is: the class of an agent or a venue, proposer, or burnt gas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pandas as pd

FEES: Final = ".fees"
LOCKED: Final = ".locked"
_PROVIDER: Final = "liquidityprovider"


def kinds_of(agents: pd.DataFrame) -> dict[str, str]:
    """Owner to kind, from the table ``agents``; a venue's fee account is the venue's kind."""
    known = dict(zip(agents["owner"].astype(str), agents["kind"].astype(str), strict=True))
    for owner in known:
        if owner.endswith(FEES):
            known[owner] = "exchange fees"
    return known


def kind_of_each(owners: Iterable[object], agents: pd.DataFrame, *, otherwise: str) -> list[str]:
    """The kind of every owner in a column; ``otherwise`` for those who are not in the table ``agents``."""
    known = kinds_of(agents)
    return [known.get(str(owner), otherwise) for owner in owners]


def is_provider(kind: str) -> bool:
    """Whether owners of this kind provide liquidity to pools."""
    return kind.lower().replace(" ", "").startswith(_PROVIDER)


def with_providers(kinds: pd.Series[str], venue_states: pd.DataFrame) -> pd.Series[str]:
    """Give pools, and what is locked in them for ever, the kind of their providers, where there is one such kind.

    ``kinds`` is by owner.
    """
    providers = sorted({str(kind) for kind in kinds if is_provider(str(kind))})
    if len(providers) != 1:
        return kinds
    pools = set(venue_states.loc[venue_states["kind"] == "pool", "venue"].astype(str))
    pools |= {pool + LOCKED for pool in pools}
    return kinds.where(~kinds.index.isin(pools), providers[0])
