import gzip
import os
import pickle
import zlib
from hashlib import sha256

import numpy as np
import pytest

from shoal.experiments import intake
from shoal.experiments.errors import FileChanged, FileTooLarge, MalformedFile, UnknownFormat, UnreadableFile


@pytest.fixture
def written(tmp_path):
    def write(data, name="file.csv"):
        place = tmp_path / name
        place.write_bytes(data)
        return place

    return write


def test_a_file_is_read_whole_with_its_hash(written):
    place = written(b"price\n1\n")
    file = intake.read_bytes(place)
    assert (file.data, file.digest) == (b"price\n1\n", sha256(b"price\n1\n").hexdigest())
    assert file.name == str(place)


def test_a_link_is_followed_to_its_file(written, tmp_path):
    link = tmp_path / "link.csv"
    link.symlink_to(written(b"x"))
    assert intake.read_bytes(link).data == b"x"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/dev/zero", "device"),
        ("/dev/null", "device"),
        ("http://example.org/prices.csv", "web address"),
        ("https://example.org/prices.csv", "web address"),
        ("file:///etc/hostname", "web address"),
        ("s3://bucket/prices.parquet", "web address"),
        ("no such file.csv", "cannot be found"),
        ("", "no path"),
        ("a\0b.csv", "no path"),
        ("x" * 300 + ".csv", "cannot be found"),
    ],
)
def test_only_files_are_read(name, reason):
    with pytest.raises(UnreadableFile, match=reason):
        intake.read_bytes(name)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UnreadableFile, match="folder"):
        intake.read_bytes(tmp_path)


def test_a_pipe_is_refused_at_once(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(UnreadableFile, match="pipe"):
        intake.read_bytes(pipe)


def test_a_loop_of_links_is_refused(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.symlink_to(second)
    second.symlink_to(first)
    with pytest.raises(UnreadableFile, match="cannot be found"):
        intake.read_bytes(first)


def test_a_link_to_a_device_is_refused(tmp_path):
    link = tmp_path / "prices.csv"
    link.symlink_to("/dev/zero")
    with pytest.raises(UnreadableFile, match="device"):
        intake.read_bytes(link)


def test_a_file_above_the_limit_is_refused_unread(written):
    with pytest.raises(FileTooLarge, match="11 bytes, and at most 10"):
        intake.read_bytes(written(b"x" * 11), maximum_bytes=10)
    assert len(intake.read_bytes(written(b"x" * 10), maximum_bytes=10).data) == 10


def _overwrite(place):
    place.write_bytes(b"price\n2\n")


def _append(place):
    with place.open("ab") as file:
        file.write(b"3\n")


def _truncate(place):
    os.truncate(place, 3)


def _replace(place):
    other = place.with_name("other")
    other.write_bytes(b"price\n1\n")
    other.replace(place)


def _remove(place):
    place.unlink()


def _rewrite_keeping_the_clock(place):
    before = place.stat()
    place.write_bytes(b"price\n9\n")
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "change",
    [_overwrite, _append, _truncate, _replace, _remove, _rewrite_keeping_the_clock],
    ids=lambda each: each.__name__,
)
def test_a_file_that_changes_while_it_is_read_is_refused(written, monkeypatch, change):
    place = written(b"price\n1\n")
    read_all = intake._read_all

    def read_and_change(*arguments):
        data = read_all(*arguments)
        change(place)
        return data

    monkeypatch.setattr(intake, "_read_all", read_and_change)
    with pytest.raises(FileChanged, match="changed while it was read"):
        intake.read_bytes(place)


def test_gzip_is_unpacked_members_joined(written):
    file = intake.read_bytes(written(gzip.compress(b"a\n") + gzip.compress(b"b\n"), "x.csv.gz"))
    assert intake.unpacked(file).data == b"a\nb\n"
    assert intake.unpacked(file).digest == file.digest


def test_plain_bytes_stay_as_they_are(written):
    file = intake.read_bytes(written(b"a\n"))
    assert intake.unpacked(file) is file


def test_a_gzip_bomb_is_refused_early(written):
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(2**20)
    bomb = b"".join(packer.compress(zeros) for _ in range(200)) + packer.flush()
    file = intake.read_bytes(written(bomb, "x.csv.gz"))
    assert len(bomb) < 2**20
    with pytest.raises(FileTooLarge, match="unpack to more than"):
        intake.unpacked(file)


@pytest.mark.parametrize("cut", [5, 15, -1, -8])
def test_cut_off_gzip_is_refused(written, cut):
    whole = gzip.compress(b"ts,price\n" * 1000)
    file = intake.read_bytes(written(whole[:cut], "x.csv.gz"))
    with pytest.raises(MalformedFile, match="gzip"):
        intake.unpacked(file)


def test_every_flipped_byte_of_gzip_data_is_found_or_harmless(written):
    text = b"".join(b"%d,%d\n" % (index, index * index) for index in range(300))
    whole = gzip.compress(text, mtime=0)
    for position in range(0, len(whole), 7):
        broken = bytearray(whole)
        broken[position] ^= 0x10
        file = intake.read_bytes(written(bytes(broken), "x.csv.gz"))
        try:
            outcome = intake.unpacked(file).data
        except MalformedFile:
            continue
        assert outcome in (text, bytes(broken))


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_known_by_its_first_bytes(written, protocol):
    with pytest.raises(UnknownFormat, match="pickle"):
        intake.refuse_foreign(intake.read_bytes(written(pickle.dumps([1.0], protocol))))


def test_arrays_and_archives_are_known_by_their_first_bytes(written, tmp_path):
    np.save(tmp_path / "a.npy", np.array([1.0]))
    np.savez(tmp_path / "a.npz", np.array([1.0]))
    for name, kind in (("a.npy", "NumPy"), ("a.npz", "zip")):
        with pytest.raises(UnknownFormat, match=kind):
            intake.refuse_foreign(intake.read_bytes(tmp_path / name))
