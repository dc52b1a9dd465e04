"""Settings of the documentation: a guide, an API reference from docstrings, a gallery whose examples run."""

import re
import sys
from pathlib import Path
from typing import Any

import plotly.io as plotly_io
from plotly.io._base_renderers import HtmlRenderer
from plotly.offline import get_plotlyjs

import shoal

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from parameter_tables import parameter_tables  # noqa: E402

project = "Shoal"
author = "The Shoal developers"
copyright = "2026, The Shoal developers"
version = release = shoal.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples", "gallery/*.ipynb", "gallery/*.py", "gallery/*.md5", "gallery/*.json"]
templates_path = ["_templates"]

autodoc_default_options = {"members": True, "show-inheritance": True, "member-order": "bysource"}
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autosummary_generate = True
autosummary_ignore_module_all = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Source", "notes_style"), ("Units", "notes_style"), ("Rounding", "notes_style")]
# Names such as Book stand for the compiled kernel and for its twin.
suppress_warnings = ["ref.python", "config.cache"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"__init__\.py",
    "image_scrapers": (),
    "reset_modules": (),
    "capture_repr": ("_repr_html_", "__repr__"),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "min_reported_time": 1,
    "plot_gallery": True,
    "show_memory": False,
    "write_computation_times": False,
}

# Figures of the gallery share one copy of Plotly's script, and open without a network.
PLOTLY_SCRIPT = "plotly.min.js"
plotly_io.renderers["documentation"] = HtmlRenderer(include_plotlyjs=f"../_static/{PLOTLY_SCRIPT}")
plotly_io.renderers.default = "documentation"

html_theme = "pydata_sphinx_theme"
html_title = f"Shoal {release}"
html_show_sourcelink = False
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}


def fill_tables(app: Any, name: str, content: list[str]) -> None:
    """Put a study's parameters, or those it has beyond another study, where a page asks for them."""
    studies: dict[str | None, Any] = {None: None, **shoal.studies()}
    content[0] = re.sub(
        r"<!-- parameters: ([\w-]+)(?: beyond ([\w-]+))? -->",
        lambda found: parameter_tables(studies[found[1]], studies[found[2]]),
        content[0],
    )


def always_read(app: Any, *changes: Any) -> list[str]:
    """A page made from a study changes with the study, not with its own text."""
    return ["guide/parameters"]


def escape_bars(app: Any, what: str, name: str, item: Any, options: Any, lines: list[str]) -> None:
    """A bar in a docstring is an absolute value, not a substitution."""
    for index, line in enumerate(lines):
        if not line.lstrip().startswith(">>>"):
            parts = re.split(r"(``.*?``)", line)
            parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
            lines[index] = "".join(parts)


def write_plotly(app: Any, error: Exception | None) -> None:
    """Lay Plotly's script beside the pages."""
    if error is None and app.builder.format == "html":
        Path(app.outdir, "_static", PLOTLY_SCRIPT).write_text(get_plotlyjs(), encoding="utf-8")


def setup(app: Any) -> None:
    """Connect the hooks above."""
    app.connect("env-get-outdated", always_read)
    app.connect("source-read", fill_tables)
    app.connect("autodoc-process-docstring", escape_bars)
    app.connect("build-finished", write_plotly)
