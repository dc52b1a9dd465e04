"""The one place that opens a user's files: regular files only, within a size, hashed, and unchanged while read."""

from __future__ import annotations

import os
import stat
import zlib
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from shoal.experiments.errors import FileChanged, FileTooLarge, MalformedFile, Place, UnknownFormat, UnreadableFile

MAXIMUM_FILE_BYTES: Final = 2**29
_CHUNK_BYTES: Final = 2**20
# What a packed file of N bytes may unpack to: N times the factor, and a floor for very small files.
_EXPANSION: Final = 100
_EXPANSION_FLOOR_BYTES: Final = 2**25
# Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever. Not every system has every flag.
_FLAGS: Final = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_BINARY")
)
_GZIP_MAGIC: Final = b"\x1f\x8b"
_FOREIGN_MAGIC: Final = {
    b"\x93NUMPY": "a NumPy array (.npy), which may hold pickled objects",
    b"PK\x03\x04": "a zip archive (.zip, .npz, .xlsx)",
    b"PK\x05\x06": "an empty zip archive",
    b"\x80\x02": "a Python pickle",
    b"\x80\x03": "a Python pickle",
    b"\x80\x04": "a Python pickle",
    b"\x80\x05": "a Python pickle",
    b"\xfd7zXZ": "an xz archive",
    b"BZh": "a bzip2 archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\x89HDF": "an HDF5 file",
    b"ARROW1": "an Arrow or Feather file",
}


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file's bytes, read once and whole; everything derived from them is derived from the same bytes.

    Args:
        name: the path as the user wrote it.
        path: the path with links resolved.
        data: the bytes.
        digest: SHA-256 of the bytes on disk, hexadecimal.
    """

    name: str
    path: Path
    data: bytes = field(repr=False)
    digest: str

    @property
    def place(self) -> Place:
        """The whole file as a place for errors."""
        return Place(self.name)


def read_bytes(source: Path | str, *, maximum_bytes: int = MAXIMUM_FILE_BYTES) -> InputFile:
    """Read a regular file whole, and make sure that it did not change meanwhile.

    Raises:
        UnreadableFile: no such file, no permission, a folder, pipe, device or web address.
        FileTooLarge: above ``maximum_bytes``.
        FileChanged: size, modification time or content differ at the end of reading.
    """
    name = str(source)
    place = Place(name)
    path = _resolve(name, place)
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        raise UnreadableFile(place, f"cannot be opened ({error.strerror})", "Check the path and its rights.") from error
    try:
        before = _state(descriptor, place, maximum_bytes)
        data = _read_all(descriptor, place, maximum_bytes)
        digest = sha256(data).hexdigest()
        _check_unchanged(descriptor, path, place, before, len(data), digest)
    finally:
        os.close(descriptor)
    return InputFile(name=name, path=path, data=data, digest=digest)


def unpacked(file: InputFile) -> InputFile:
    """The file itself, or what its gzip wrapper holds, within a limit on the unpacked size.

    Raises:
        FileTooLarge: it unpacks to more than 100 times its size (32 MiB are always allowed).
        MalformedFile: damaged or cut-off gzip.
    """
    if not file.data.startswith(_GZIP_MAGIC):
        return file
    limit = max(_EXPANSION_FLOOR_BYTES, min(MAXIMUM_FILE_BYTES, _EXPANSION * len(file.data)))
    remaining = file.data
    parts: list[bytes] = []
    size = 0
    try:
        while remaining:
            unpacker = zlib.decompressobj(wbits=31)
            pending = remaining
            while not unpacker.eof:
                part = unpacker.decompress(pending, _CHUNK_BYTES)
                pending = unpacker.unconsumed_tail
                if not part and not pending and not unpacker.eof:
                    raise MalformedFile(file.place, "the gzip data are cut off", "Fetch the file again.")
                size += len(part)
                if size > limit:
                    raise FileTooLarge(
                        file.place,
                        f"its {len(file.data):,} bytes of gzip unpack to more than {limit:,} bytes",
                        "Unpack it yourself and hand in the plain file if you trust it.",
                    )
                parts.append(part)
            remaining = unpacker.unused_data
    except zlib.error as error:
        raise MalformedFile(file.place, f"the gzip data are damaged ({error})", "Fetch the file again.") from error
    return InputFile(name=file.name, path=file.path, data=b"".join(parts), digest=file.digest)


def refuse_foreign(file: InputFile) -> None:
    """Refuse formats that can carry code, or that nobody here reads, by their first bytes.

    Raises:
        UnknownFormat: a pickle, NumPy array, archive or other binary format.
    """
    for magic, kind in _FOREIGN_MAGIC.items():
        if file.data.startswith(magic):
            raise UnknownFormat(file.place, f"this is {kind}", "Hand in Parquet or CSV.")


def _resolve(name: str, place: Place) -> Path:
    if "://" in name:
        raise UnreadableFile(place, "this is a web address, and only files are read", "Download it first.")
    if not name or "\0" in name:
        raise UnreadableFile(Place(repr(name)), "this is no path", "Give the path of a file.")
    try:
        return Path(name).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "a loop of links"
        raise UnreadableFile(place, f"cannot be found ({reason})", "Check the path.") from error


def _state(descriptor: int, place: Place, maximum_bytes: int) -> os.stat_result:
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode):
        kind = "a folder" if stat.S_ISDIR(state.st_mode) else "a pipe, socket or device"
        raise UnreadableFile(place, f"this is {kind}, and only regular files are read", "Give the path of a file.")
    if state.st_size > maximum_bytes:
        raise FileTooLarge(
            place, f"it has {state.st_size:,} bytes, and at most {maximum_bytes:,} are read", "Cut it to what you need."
        )
    return state


def _read_all(descriptor: int, place: Place, maximum_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := os.read(descriptor, _CHUNK_BYTES):
        size += len(part)
        if size > maximum_bytes:
            raise FileTooLarge(place, f"it grew beyond {maximum_bytes:,} bytes", "Wait until it is written.")
        parts.append(part)
    return b"".join(parts)


def _check_unchanged(descriptor: int, path: Path, place: Place, before: os.stat_result, size: int, digest: str) -> None:
    again = sha256()
    os.lseek(descriptor, 0, os.SEEK_SET)
    while part := os.read(descriptor, _CHUNK_BYTES):
        again.update(part)
    try:
        there = path.stat()
    except OSError:
        there = None
    after = os.fstat(descriptor)
    same_file = there is not None and (there.st_dev, there.st_ino) == (after.st_dev, after.st_ino)
    untouched = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and size == after.st_size
    if not (same_file and untouched and again.hexdigest() == digest):
        raise FileChanged(place, "it changed while it was read", "Wait until nothing writes to it and start again.")
