"""The command line `shoal`. What a command needs is imported when it runs, so that help comes at once."""

from __future__ import annotations

from typing import Annotated

import typer

_EXAMPLES = """A laboratory for markets under stress.

Agents trade on automated market makers and order books that work as the real ones do, on one event clock. A first
run, and one through a crash:

    shoal run market --out out

    shoal run market --prices prices.parquet --symbols BTC,ETH --start 2020-03-12 --end 2020-03-14 --seed 7 --out crash

Then open out/report.html. A study is also a file:

    shoal new market > my.toml

    shoal check my.toml && shoal run my.toml --out out

Exit codes: 0 done; 1 a run or a check failed; 2 the input was refused, and nothing was written; 130 interrupted."""

app = typer.Typer(
    name="shoal",
    help=_EXAMPLES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="Name of a study; `shoal list` names them.")]
StudyFile = Annotated[str, typer.Argument(metavar="FILE", help="A study file, as `shoal new` writes it.")]


def main() -> None:
    """Run the command line."""
    from shoal.experiments.command.errors import telling

    with telling():
        app()


def _version(asked: bool) -> None:
    if asked:
        import shoal

        typer.echo(shoal.__version__)
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


@app.command("list")
def list_studies() -> None:
    """The studies there are."""
    from shoal.experiments.command import describe

    describe.list_studies()


@app.command("show")
def show_study(study: StudyName) -> None:
    """A study's parameters: default, unit, what is allowed, and what stands behind the default."""
    from shoal.experiments.command import describe

    describe.show_study(study)


@app.command("new")
def new_file(study: StudyName) -> None:
    """Print a study file with every parameter explained: shoal new market > my.toml"""
    from shoal.experiments.command import describe

    describe.print_file(study)


@app.command("check")
def check_file(file: StudyFile) -> None:
    """Check a study file and name all mistakes at once; runs nothing."""
    from shoal.experiments.command import describe

    describe.check(file)


@app.command("run")
def run_study(
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY|FILE.toml", help="Name of a study, or a study file, as `shoal new` writes it."),
    ],
    prices: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Parquet or CSV with a time and OHLC or price columns. Default: generated."),
    ] = None,
    symbols: Annotated[
        str | None, typer.Option(metavar="BTC,ETH", help="Symbols to take; BTC matches the only one whose base is BTC.")
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="TIME", help="Start; without a zone it is UTC.")] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help="End, exclusive.")] = None,
    hours: Annotated[str | None, typer.Option(metavar="NUMBER", help="Length of the span, instead of --end.")] = None,
    seed: Annotated[str | None, typer.Option(metavar="N", help="0 to 2**64 - 1. Default: 7.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Override one parameter; may be repeated."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Results: a new or empty folder, or a result of this study to replace."),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="ROLE=NAME,...", help="Columns of the file: time, symbol, open, ..., price.")
    ] = None,
    zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Zone of stamps that carry none.")] = None,
    maximum_gap: Annotated[
        str | None, typer.Option(metavar="SPAN", help="Longest gap in the file, such as 2h, to bridge. Default: none.")
    ] = None,
    replicates: Annotated[
        str | None,
        typer.Option(metavar="N", help="Run N seeds, each with its counterfactual worlds on the same prices."),
    ] = None,
    worlds: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Of replicates: worlds beside base, such as no-attack. Default: all."),
    ] = None,
    processes: Annotated[
        str | None,
        typer.Option(metavar="P", help="Of replicates: worlds at a time; no result changes. Default: cores."),
    ] = None,
    paths: Annotated[
        str | None, typer.Option(metavar="K", help="Of replicates: paths of prices, each with N seeds. Default: 1.")
    ] = None,
    path_source: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="Of further paths: generated; of a file bootstrap or episodes."),
    ] = None,
    path_block: Annotated[
        str | None,
        typer.Option(metavar="SPAN", help="Mean length of a bootstrap's blocks. Default: cube root of the bars."),
    ] = None,
    path_seed: Annotated[
        str | None, typer.Option(metavar="N", help="Seed of the outside prices. Default: that of the run.")
    ] = None,
    level: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Of replicates: level of the intervals. Default: 0.95.")
    ] = None,
    stall_seconds: Annotated[
        str | None, typer.Option(metavar="S", help="End the run when nothing moves for so long. Default: 60.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Run a study. Ctrl-C ends it and keeps what was recorded until then.

    With --replicates many seeds are run, each in the base world and in every world where one action is switched off
    (all on the same seed and prices), and the summary gives means of the differences with intervals:

        shoal run market --replicates 8 --hours 2 --out many

    Every world is a result of its own, many/seed-7/base; the same command goes on where an interrupted one stopped.
    """
    from shoal.experiments.command import run

    run.run_study(
        study,
        prices=prices,
        symbols=symbols,
        start=start,
        end=end,
        hours=hours,
        seed=seed,
        settings=settings or [],
        out=out,
        columns=columns,
        zone=zone,
        maximum_gap=maximum_gap,
        replicates=replicates,
        worlds=worlds,
        processes=processes,
        paths=paths,
        path_source=path_source,
        path_block=path_block,
        path_seed=path_seed,
        level=level,
        stall_seconds=stall_seconds,
        quiet=quiet,
    )


@app.command("verify")
def verify_files(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="JSON files of recorded contract operations.")],
) -> None:
    """Replay recorded contract operations and count the differences; exit code 1 on any."""
    from shoal.experiments.command import verify

    verify.verify_files(files)


@app.command("replay")
def replay_book(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Recorded orders or levels (Parquet, CSV), or LOBSTER messages (CSV).")
    ],
    trades: Annotated[
        str | None, typer.Option(metavar="FILE", help="Trades of recorded orders. Default: found by the name.")
    ] = None,
    orderbook: Annotated[
        str | None, typer.Option(metavar="FILE", help="Book of LOBSTER messages. Default: found by the name.")
    ] = None,
    zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Zone of stamps that carry none.")] = None,
    out: Annotated[str | None, typer.Option(metavar="FILE.html", help="Draw the replay into this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Play a recorded order book through the engine's; count and explain where they disagree."""
    from shoal.experiments.command import replay

    replay.replay_file(file, trades=trades, orderbook=orderbook, zone=zone, out=out, as_json=as_json)


@app.command("validate")
def validate_engine(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer and shorter replications.")] = False,
) -> None:
    """Run the closed forms of the literature through the engine; exit code 1 if one fails."""
    from shoal.experiments.command import validate

    validate.validate_engine(quick=quick)


@app.command("report")
def render_report(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A folder that `shoal run --out` made.")],
) -> None:
    """Write report.html of a result again."""
    from shoal.experiments.command import run

    run.render_report(folder)


bench_app = typer.Typer(help="Measure parts of the program on this machine.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")


@bench_app.command("book")
def bench_book(
    flow: Annotated[
        str | None,
        typer.Option(metavar="FILE.npz", help="Array `messages`: kind, side, price, qty, id. Default: drawn."),
    ] = None,
    messages: Annotated[int, typer.Option(min=1, metavar="N", help="Length of a drawn flow.")] = 1_000_000,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of a drawn flow.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """How fast the order book takes messages, in batch and by call."""
    from shoal.experiments.command import bench

    bench.bench_book(flow=flow, messages=messages, seed=seed, as_json=as_json)
