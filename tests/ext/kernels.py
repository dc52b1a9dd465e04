"""The order book kernels under test, and how to ask them."""

from __future__ import annotations

from typing import Any

import pytest

from shoal.ext import book_kernel_twin as twin
from shoal.ext.book import BUY, BookRefusal

try:
    from shoal.ext import book_kernel as compiled
except ImportError:
    compiled = None  # type: ignore[assignment]

KERNELS: list[Any] = [twin.Book] if compiled is None else [twin.Book, compiled.Book]


def accepts(kernel: Any, option: str) -> bool:
    """Whether `limit` of this kernel knows an option."""
    try:
        kernel().limit(BUY, 1, 1, **{option: 0})
    except TypeError:
        return False
    return True


def kernels_with(*names: str) -> list[Any]:
    """The kernels that know all these verbs and options of `limit`."""
    return [kernel for kernel in KERNELS if all(hasattr(kernel, name) or accepts(kernel, name) for name in names)]


def each_kernel_with(*names: str) -> pytest.MarkDecorator:
    """Runs a test once for every kernel that knows these verbs and options of `limit`, as `kernel`."""
    kernels = kernels_with(*names)
    return pytest.mark.parametrize("kernel", kernels, ids=[kernel.__module__.rsplit(".", 1)[-1] for kernel in kernels])


def outcome(book: Any, verb: str, *arguments: Any, **options: Any) -> Any:
    """What a verb answered, or the refusal's type and text; whatever it refused, it changed nothing."""
    before = book.state_bytes()
    try:
        return getattr(book, verb)(*arguments, **options)
    except (BookRefusal, ValueError) as refusal:
        assert book.state_bytes() == before, f"{verb} changed the book and then refused"
        return type(refusal), str(refusal)
