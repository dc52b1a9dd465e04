"""A plan: everything a run needs, checked and read before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from shoal.experiments.errors import InputError, OptionError, Place
from shoal.experiments.options import Options, check_options
from shoal.experiments.parameters import Given, Mistake, collecting, make_study, read_settings, refuse
from shoal.experiments.registry import find_study, name_of
from shoal.experiments.study import Study, describe
from shoal.experiments.study_file import StudyFile, read_study_file

if TYPE_CHECKING:
    from shoal.experiments.prices.bars import Bars
    from shoal.experiments.prices.span import Duration
    from shoal.sim.price_path import PricePath

BASE: Final = "base"
DEFAULT_START: Final = "2024-01-01T00:00Z"
_HOUR_NS: Final = 3_600 * 10**9
_FILE_ENDING: Final = ".toml"


@dataclass(frozen=True, slots=True)
class Plan:
    """A run before it starts.

    Args:
        name: of the study.
        study: its parameters.
        options: seed and what was asked for.
        prices: the outside prices over the whole span.
        inputs: SHA-256 of every file that was read, by the name the user gave it.
        world: "base", or the name of the counterfactual that the study is.
    """

    name: str
    study: Study
    options: Options
    prices: PricePath
    inputs: Mapping[str, str]
    world: str = BASE

    @property
    def seed(self) -> int:
        """The seed of every draw."""
        return self.options.seed


def make_plan(
    study: str | Study,
    *,
    options: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    settings: Iterable[str] = (),
    origin: str = "the call",
    mistakes: Sequence[Mistake] = (),
) -> Plan:
    """Check all that was asked for and read the prices.

    Args:
        study: a name, a study file (ending in .toml), or a study.
        options: fields of ``Options`` that are given; they override the study file's.
        parameters: override the study file's.
        settings: ``name=value`` texts; they override all.
        origin: how errors name where options and parameters come from.
        mistakes: found before; they are reported with the others.

    Raises:
        InputError: anything wrong with what was asked for.
    """
    file = _file(study)
    found = list(mistakes)
    with collecting(found):
        given = check_options(origin, {name: value for name, value in options.items() if value is not None})
    with collecting(found):
        of_file = None if file is None else check_options(f"{study}, [run]", file.options)
    with collecting(found):
        name, made = _study(study, file, Given(origin, parameters or {}), tuple(settings))
    refuse(found)
    if file is not None and of_file is not None:
        given = _merge(of_file, given, options, file)
    given.check_replicates()
    prices, inputs = read_or_generate(made, given)
    return Plan(name, made, given, prices, inputs if file is None else {str(study): file.digest, **inputs})


def check_file(path: Path | str) -> tuple[str, Study]:
    """Check a study file, its parameters and options; prices are not read.

    Raises:
        InputError: anything wrong with it.
    """
    file = read_study_file(path)
    mistakes: list[Mistake] = []
    with collecting(mistakes):
        options = check_options(f"{path}, [run]", file.options)
        options.check_replicates()
        if options.prices is not None:
            _beside(file, options.prices)
    with collecting(mistakes):
        name, made = _study(str(path), file, Given("the call", {}), ())
    refuse(mistakes)
    return name, made


def read_or_generate(study: Study, options: Options) -> tuple[PricePath, dict[str, str]]:
    """The outside prices, and SHA-256 of the file they come from.

    Raises:
        InputError: see ``shoal.experiments.prices.read_prices``.
    """
    if options.prices is None:
        return _generated(study, options), {}
    bars = read_bars(study, options)
    digest = str(bars.provenance.get("sha256", ""))
    return between_bars(study, bars, seed=options.price_seed), {str(options.prices): digest} if digest else {}


def read_bars(study: Study, options: Options) -> Bars:
    """The bars of the file of prices.

    Raises:
        InputError: see ``shoal.experiments.prices.read_prices``.
    """
    start, end = _span(options)
    if options.hours is not None and end is None:
        raise OptionError(Place("option hours"), "with a file of prices it needs a start", "Give start, too.")
    return _read(study, options, start, end, options.maximum_gap)


def read_all_bars(study: Study, options: Options) -> Bars:
    """All bars of the file of prices, whatever the span asked for, with whatever gaps are between them.

    Raises:
        InputError: see ``shoal.experiments.prices.read_prices``.
    """
    from shoal.experiments.prices.stamps import MAXIMUM_NS

    return _read(study, options, None, None, MAXIMUM_NS)


def _read(study: Study, options: Options, start: int | None, end: int | None, maximum_gap: Duration | None) -> Bars:
    from shoal.experiments.prices import read_prices

    assert options.prices is not None
    return read_prices(
        options.prices,
        symbols=options.symbols or study.symbols,
        start=start,
        end=end,
        columns=options.columns or None,
        zone=options.zone,
        maximum_gap=maximum_gap,
    )


def between_bars(study: Study, bars: Bars, *, seed: int) -> PricePath:
    """The study's path between bars.

    Raises:
        InputError: the study cannot use them.
    """
    return _usable(study, lambda: study.prices_recorded(bars, seed=seed))


def _span(options: Options) -> tuple[int | None, int | None]:
    """Start and end as far as the options say them, nanoseconds since the Unix epoch."""
    from shoal.experiments.prices.span import moment_ns

    start = None if options.start is None else moment_ns(options.start, "start")
    end = None if options.end is None else moment_ns(options.end, "end")
    if options.hours is not None and (options.prices is None or start is not None):
        start = moment_ns(DEFAULT_START, "start") if start is None else start
        end = start + int(options.hours * _HOUR_NS)
    return start, end


def _generated(study: Study, options: Options) -> PricePath:
    from shoal.experiments.prices.span import moment_ns

    start, end = _span(options)
    symbols = options.symbols or study.symbols
    for name in ("columns", "zone", "maximum_gap"):
        if getattr(options, name):
            raise OptionError(
                Place(f"option {name}"), "it is about a file of prices, and there is none", "Give prices."
            )
    if start is None:
        # An end alone says where the usual span stops.
        span = int(study.hours * _HOUR_NS)
        start = moment_ns(DEFAULT_START, "start") if end is None else end - span
    if end is None:
        end = start + int(study.hours * _HOUR_NS)
    if end <= start:
        raise OptionError(Place("options start and end"), "the span is empty", "The end must be later than the start.")
    first, last = start, end
    seed = options.price_seed
    return _usable(study, lambda: study.prices_default(seed=seed, symbols=symbols, start_ns=first, end_ns=last))


def _usable(study: Study, make: Callable[[], PricePath]) -> PricePath:
    """Whatever a study refuses with a ValueError is refused input."""
    try:
        return make()
    except InputError:
        raise
    except (ValueError, ArithmeticError) as error:
        raise OptionError(
            Place(f"study {name_of(type(study))}"),
            f"it cannot use these prices or parameters ({error})",
            "Change them.",
        ) from error


def _file(study: str | Study) -> StudyFile | None:
    return read_study_file(study) if isinstance(study, str) and study.lower().endswith(_FILE_ENDING) else None


def _study(
    study: str | Study, file: StudyFile | None, parameters: Given, settings: tuple[str, ...]
) -> tuple[str, Study]:
    if isinstance(study, Study):
        kind, base = type(study), Given("the study", dict(_leaves(study)))
        name = name_of(kind)
    elif file is None:
        name, kind, base = study, find_study(study), Given("the defaults", {})
    else:
        name, kind, base = file.study, find_study(file.study, place=f"{study}, key 'study'"), file.parameters
    return name, make_study(kind, base, parameters, read_settings(kind, settings))


def _leaves(study: Study) -> Iterable[tuple[str, Any]]:
    for each in describe(type(study)):
        value: Any = study
        for name in each.path.split("."):
            value = getattr(value, name)
        yield each.path, value


def _merge(of_file: Options, of_call: Options, given: Mapping[str, Any], file: StudyFile) -> Options:
    """The file's options, overridden by those given."""
    chosen = {name: getattr(of_call, name) for name, value in given.items() if value is not None}
    if of_file.prices is not None and "prices" not in chosen:
        chosen["prices"] = _beside(file, of_file.prices)
    if "end" in chosen:
        chosen["hours"] = None
    elif "hours" in chosen:
        chosen["end"] = None
    return replace(of_file, **chosen)


def _beside(file: StudyFile, name: Any) -> Path:
    """A file named in a study file, which may come from a stranger, must lie beside or below it."""
    place = Place(f"{file.parameters.origin}, option 'prices'")
    if not isinstance(name, str) or "\0" in name:
        raise OptionError(place, "this is no path", "Name a file beside the study file.")
    pure = PurePath(name)
    try:
        inside = (file.folder / pure).resolve().is_relative_to(file.folder.resolve())
    except (OSError, RuntimeError, ValueError):
        # A loop of links, or a name that no file can have.
        inside = False
    if "://" in name or pure.is_absolute() or ".." in pure.parts or not inside:
        raise OptionError(
            place,
            f"{name[:80]!r} leads out of the study file's folder",
            "Name a file beside the study file, or give --prices.",
        )
    return file.folder / pure
