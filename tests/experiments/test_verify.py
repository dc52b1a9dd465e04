"""Recorded operations of the real contracts: no difference, every tampered figure found, bad files refused."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.errors import FileTooLarge, InputError, MalformedFile, UnreadableFile
from shoal.experiments.verify import Difference, UnsupportedVenue, verify

MINT: dict[str, Any] = {
    "op": "mint",
    "dt": "1",
    "in0": "10000",
    "in1": "10000",
    "liquidity": "9000",
    "post": {
        "r0": "10000",
        "r1": "10000",
        "ts": "1700000001",
        "supply": "10000",
        "k_last": "0",
        "cum0": "0",
        "cum1": "0",
        "fee_to_lp": "0",
        "trader_lp": "9000",
    },
}


def recording(*operations: dict[str, Any]) -> dict[str, Any]:
    scenario = {
        "name": "made up",
        "protocol_fee_on": False,
        "start_timestamp": "1700000000",
        "ops": [MINT, *operations],
    }
    return {"venue": "uniswap-v2", "pair_scenarios": [scenario], "library": [], "router": []}


def written(folder: Path, content: object) -> Path:
    path = folder / "recording.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_uniswap_v2_replays_without_a_difference(shared: Path) -> None:
    verification = verify(shared / "vectors" / "univ2.json")
    assert verification.differences == ()
    assert verification.passed
    assert (verification.operations, verification.reverts) == (144 + 60 + 40, 63)
    assert verification.compared > 7 * verification.operations


@pytest.fixture
def original(shared: Path) -> str:
    return (shared / "vectors" / "univ2.json").read_text(encoding="utf-8")


class TestTampered:
    # What is recorded of a result or of the state after it, one unit off, is one difference in that place.
    @pytest.mark.parametrize(
        ("section", "operation", "path"),
        [
            (0, 0, ("liquidity",)),
            (0, 2, ("out1",)),
            (0, 2, ("post", "cum1")),
            (0, 5, ("post", "r0")),
            (0, 9, ("post", "ts")),
            (1, 0, ("post", "k_last")),
            (1, 30, ("post", "supply")),
            (1, 50, ("post", "fee_to_lp")),
            (1, 61, ("post", "trader_lp")),
        ],
    )
    def test_one_unit_in_a_pair(
        self, original: str, tmp_path: Path, section: int, operation: int, path: tuple[str, ...]
    ) -> None:
        content = json.loads(original)
        scenario = content["pair_scenarios"][section]
        fields = scenario["ops"][operation]
        for name in path[:-1]:
            fields = fields[name]
        fields[path[-1]] = str(int(fields[path[-1]]) + 1)
        (difference,) = verify(written(tmp_path, content)).differences
        assert difference.place.startswith(f"{scenario['name']}, operation {operation + 1} (")
        assert difference.figure == path[-1]
        assert int(difference.recorded) == int(difference.engine) + 1

    def test_one_unit_in_the_library_and_the_router(self, original: str, tmp_path: Path) -> None:
        content = json.loads(original)
        entry = next(one for one in content["library"] if "result" in one)
        entry["result"] = str(int(entry["result"]) - 1)
        swap = next(one for one in content["router"] if "path" in one)
        swap["result"][-1] = str(int(swap["result"][-1]) - 1)
        swap["post"]["01"][0] = str(int(swap["post"]["01"][0]) + 1)
        places = [(one.place, one.figure) for one in verify(written(tmp_path, content)).differences]
        assert [figure for _, figure in places] == ["result", "result", "reserves 01"]
        assert places[0][0].startswith("library, operation ")
        assert places[1][0] == places[2][0]

    def test_an_input_one_unit_off_shows_in_what_follows(self, original: str, tmp_path: Path) -> None:
        content = json.loads(original)
        operations = content["pair_scenarios"][0]["ops"]
        place = next(place for place, one in enumerate(operations) if one["op"] == "swap" and "revert" not in one)
        operations[place]["in0"] = str(int(operations[place]["in0"]) + 1)
        differences = verify(written(tmp_path, content)).differences
        assert differences[0].place == f"pair0, operation {place + 1} (swap)"
        assert len(differences) > 50

    def test_a_revert_that_was_none_and_one_of_another_reason(self, original: str, tmp_path: Path) -> None:
        content = json.loads(original)
        operations = content["pair_scenarios"][0]["ops"]
        operations[1].pop("revert")
        operations[0]["revert"] = "UniswapV2: K"
        reverted = next(one for one in operations[2:] if one.get("revert") == "UniswapV2: K")
        reverted["revert"] = "UniswapV2: INSUFFICIENT_LIQUIDITY"
        found = [one.figure for one in verify(written(tmp_path, content)).differences]
        assert found == ["reverted", "reverted", "reason 'UniswapV2: INSUFFICIENT_LIQUIDITY'"]


def test_a_small_recording_and_its_difference(tmp_path: Path) -> None:
    assert verify(written(tmp_path, recording())).passed
    swap = {"op": "swap", "dt": "0", "in0": "100", "in1": "0", "out0": "0", "out1": "98", "post": MINT["post"]}
    verification = verify(written(tmp_path, recording(swap)))
    assert not verification.passed
    assert verification.differences == (
        Difference("made up, operation 2 (swap)", "r0", "10000", "10100"),
        Difference("made up, operation 2 (swap)", "r1", "10000", "9902"),
    )
    assert str(verification.differences[0]) == "made up, operation 2 (swap): r0 recorded 10000, engine 10100"


def test_nothing_to_replay_is_no_pass(tmp_path: Path) -> None:
    content = {"venue": "uniswap-v2", "pair_scenarios": [], "library": [], "router": []}
    verification = verify(written(tmp_path, content))
    assert (verification.operations, verification.passed) == (0, False)


def test_other_venues_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedVenue, match=r"'aave-v9'\. Venues that are replayed: .*uniswap-v2"):
        verify(written(tmp_path, {"venue": "aave-v9"}))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no strict JSON"),
        ("[]", "is no JSON object"),
        ("{}", "has no text 'venue'"),
        ('{"venue": 7}', "has no text 'venue'"),
        ('{"venue": "uniswap-v2"}', "has no list 'pair_scenarios'"),
        ('{"venue": "uniswap-v2", "venue": "uniswap-v2"}', "the key 'venue' is there twice"),
        ('{"venue": NaN}', "NaN is no number"),
        ('{"venue": -Infinity}', "-Infinity is no number"),
        ('{"venue": ' + "9" * 5000 + "}", "more than 80 digits"),
        ('{"venue": "uniswap-v2", "pair_scenarios": {}}', "has no list 'pair_scenarios'"),
        ('{"venue": "uniswap-v2", "pair_scenarios": [7]}', "pair_scenarios, operation 1 is no JSON object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"venue": "uniswap-v2"', "no strict JSON"),
    ],
)
def test_malformed_files_are_refused(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(MalformedFile, match=re.escape(reason)):
        verify(written(tmp_path, content))


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ({"dt": "0"}, "has no text 'op'"),
        ({"op": "mint"}, "has no whole number as text 'dt'"),
        ({"op": "mint", "dt": 1}, "has no whole number as text 'dt'"),
        ({"op": "mint", "dt": "-1"}, "has 'dt' outside 0 to 2**32 seconds"),
        ({"op": "dance", "dt": "1", "in0": "1", "in1": "1", "post": {}}, "is of no kind that pairs have"),
        ({"op": "mint", "dt": "1", "in0": "1.5", "in1": "1", "post": {}}, "has no whole number as text 'in0'"),
        ({"op": "mint", "dt": "1", "in0": "1", "in1": "9" * 81, "post": {}}, "has no whole number as text 'in1'"),
        ({**MINT, "post": None}, "post is no JSON object"),
        ({**MINT, "post": {}}, "has no whole number as text 'r0'"),
    ],
)
def test_malformed_operations_are_refused_with_their_place(
    tmp_path: Path, operation: dict[str, Any], reason: str
) -> None:
    with pytest.raises(MalformedFile, match=r"made up, operation 2.*" + re.escape(reason)):
        verify(written(tmp_path, recording(operation)))


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableFile):
        verify(tmp_path / "missing.json")
    with pytest.raises(UnreadableFile):
        verify(tmp_path)
    (tmp_path / "recording.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(MalformedFile, match="no strict JSON"):
        verify(tmp_path / "recording.json")
    monkeypatch.setattr("shoal.experiments.verify.MAXIMUM_BYTES", 10)
    with pytest.raises(FileTooLarge):
        verify(written(tmp_path, recording()))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


KINDS = ("mint", "burn", "swap", "donate_sync", "addLiquidity", "removeLiquidity", "swapExactTokensForTokens")
FIELDS = ("op", "fn", "args", "tokens", "desired", "minimum", "path", "ops", "post", "result", "name", "liquidity")


@given(
    section=st.sampled_from(("pair_scenarios", "library", "router")),
    kind=st.sampled_from(KINDS),
    names=st.lists(st.sampled_from(FIELDS), max_size=4),
    value=json_values,
)
def test_no_recording_ends_in_anything_but_a_verdict(
    tmp_path_factory: pytest.TempPathFactory, section: str, kind: str, names: list[str], value: object
) -> None:
    content = recording()
    operation = {**MINT, "op": kind, "fn": "quote", "tokens": ["0", "1"], "path": ["0", "1"], "desired": ["1", "1"]}
    operation |= {"minimum": ["0", "0"], "amount_in": "1", "min_out": "0", **dict.fromkeys(names, value)}
    content[section] = [*content[section], operation]
    try:
        verification = verify(written(tmp_path_factory.getbasetemp(), content))
    except InputError:
        return
    assert verification.operations > 0
