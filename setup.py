"""Builds the Cython kernels; everything else about the package stands in pyproject.toml."""

import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

KERNELS = Path("src/shoal/ext")
# Twins must agree bit for bit: no contraction to fused multiply-add, no fast-math.
FLAGS = ["/O2", "/fp:precise"] if sys.platform == "win32" else ["-O3", "-ffp-contract=off"]

extensions = cythonize(
    [
        Extension(f"shoal.ext.{source.stem}", [source.as_posix()], extra_compile_args=FLAGS)
        for source in sorted(KERNELS.glob("*.pyx"))
    ],
    compiler_directives={"language_level": 3},
    include_path=["src"],
)
for extension in extensions:
    extension.optional = True  # set here because cythonize drops the flag; the Python twins stand in

setup(ext_modules=extensions)
