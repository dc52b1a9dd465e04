from pathlib import Path

import numpy as np
import pytest

from shoal.experiments.book_flow import FIELDS, draw_flow, read_flow
from shoal.experiments.errors import InputError
from shoal.ext.book import Book
from shoal.ext.book_terms import FLOW_CANCEL, FLOW_LIMIT, FLOW_MARKET


def save(path: Path, **fields: list[int]) -> str:
    columns = [np.array(values, np.int64) for values in fields.values()]
    np.savez(path, messages=np.rec.fromarrays(columns, names=list(fields)))
    return str(path)


def test_a_flow_has_its_mix_and_the_book_takes_it_whole() -> None:
    flow = draw_flow(20_000, seed=3, floor=1_000)
    kinds = flow[0]
    shares = [(kinds == kind).mean() for kind in (FLOW_LIMIT, FLOW_CANCEL, FLOW_MARKET)]
    assert shares == pytest.approx([0.5, 0.4, 0.1], abs=0.05)
    book = Book()
    fills, traded, _ = book.replay(*flow)
    assert fills > 1_000
    assert traded > fills
    assert book.orphans == 0
    assert len(book) >= 900
    book.check()


def test_the_seed_decides() -> None:
    one, same, other = (draw_flow(500, seed=seed, floor=50) for seed in (1, 1, 2))
    assert all((mine == yours).all() for mine, yours in zip(one, same, strict=True))
    assert any((mine != yours).any() for mine, yours in zip(one, other, strict=True))


def test_a_file_is_read_back(tmp_path: Path) -> None:
    flow = draw_flow(100, seed=1, floor=50)
    path = tmp_path / "flow.npz"
    np.savez(path, messages=np.rec.fromarrays(list(flow), names=list(FIELDS)))
    found = read_flow(str(path))
    assert all((mine == yours).all() for mine, yours in zip(flow, found, strict=True))


def test_refused_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_flow(str(tmp_path / "missing.npz"))
    text = tmp_path / "text.npz"
    text.write_text("no arrays", encoding="utf-8")
    with pytest.raises(InputError, match="not a file of arrays"):
        read_flow(str(text))
    plain = tmp_path / "plain.npy"
    np.save(plain, np.zeros(3))
    with pytest.raises(InputError, match="no array named"):
        read_flow(str(plain))
    with pytest.raises(InputError, match="lacks the fields price, qty, id"):
        read_flow(save(tmp_path / "short.npz", kind=[0], side=[1]))
    floats = tmp_path / "floats.npz"
    np.savez(floats, messages=np.rec.fromarrays([np.zeros(1)] * 5, names=list(FIELDS)))
    with pytest.raises(InputError, match="not of integers"):
        read_flow(str(floats))
