"""``efface bench ...``: what was promised, measured. Figures as JSON with ``--json``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click


@click.group()
def bench() -> None:
    """Measure what was built against what was promised."""


def _models() -> Path:
    """The installation's models where they are installed; else those of the user's own cache, fetched if need be."""
    from efface.engine.run.processes import models_folder
    from efface.vision import models

    if models.complete(models_folder()):
        return models_folder()
    try:
        return models.cached(lambda words: click.echo(words, err=True))
    except models.ModelError as error:
        raise click.ClickException(str(error)) from None


def _copy_models(given: Path | None) -> Path | None:
    """The folder of models where it has a copy embedder that can be used."""
    from efface.engine.run.processes import models_folder
    from efface.vision.models import ModelError, store

    folder = given or models_folder()
    try:
        manifest = store.copy_model(folder)
        return folder if manifest is not None and store.read_checked(folder, manifest) is not None else None
    except ModelError as error:
        raise click.ClickException(str(error)) from None


@bench.command()
@click.option("--faces", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="DIR/person/*.jpg, people never used for calibration.")  # fmt: skip
@click.option("--models", type=click.Path(path_type=Path, file_okay=False), default=None, help="Models folder.")
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def faces(folder: Path, models: Path | None, as_json: str | None) -> None:
    """Faces: misses, and true and false matches at the shipped thresholds, also on small faces."""
    from bench.faces import NoModels, measure, to_stderr

    try:
        result = measure(folder, models or _models(), to_stderr)
    except NoModels as error:
        raise click.ClickException(str(error)) from None
    _tell(result, as_json)


@bench.command()
@click.option("--photos", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="Everyday photos never used for tuning; at most 100 are edited and asked for.")  # fmt: skip
@click.option("--distractors", type=click.IntRange(0, 1_000_000), default=1000, show_default=True,
              help="Other pictures enrolled beside them.")  # fmt: skip
@click.option("--seed", type=int, default=3, show_default=True)
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option("--extracted", type=click.IntRange(1, 1_000_000), default=8000, show_default=True,
              help="Distractors made from real pictures; the rest is derived from these.")  # fmt: skip
@click.option("--models", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Models folder; where it has a copy embedder, that is measured beside.")  # fmt: skip
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def copies(
    folder: Path, distractors: int, seed: int, processes: int, extracted: int, models: Path | None, as_json: str | None
) -> None:
    """Edited copies: recall of nineteen edits, false matches and cost of a query, beside plain PDQ."""
    from bench.copies import run

    try:
        result = run(folder, distractors, seed, processes, extracted, _copy_models(models))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    _tell(result, as_json)


@bench.command()
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--cards", type=click.IntRange(1, 1000), default=40, show_default=True, help="Ten layouts in turn.")
@click.option("--faces", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None,
              help="Portraits to stand on the cards; without, drawn faces.")  # fmt: skip
@click.option("--models", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Models folder; the text models in it are measured.")  # fmt: skip
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def redact(seed: int, cards: int, faces: Path | None, models: Path | None, as_json: str | None) -> None:
    """Covering of made identity cards: letters covered by the suggestion alone, what stays visible."""
    from bench.redact import measure

    _tell(measure(seed, cards, models or _models(), faces), as_json)


@bench.command()
@click.option("--active", type=click.IntRange(1000), default=1_000_000, show_default=True, help="Hashes in force.")
@click.option("--seen", type=click.IntRange(1000), default=10_000_000, show_default=True, help="Hashes met before.")
@click.option("--seed", type=int, default=5, show_default=True)
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def match(active: int, seen: int, seed: int, as_json: str | None) -> None:
    """Search of hashes and templates: exactness, speed beside other libraries and the memory's, changes, memory."""
    _one_thread()
    from bench.match import run

    _tell(run(active, seen, seed=seed), as_json)


@bench.command()
@click.option("--photos", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="Everyday photos; at most 60 are used.")  # fmt: skip
@click.option("--faces", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None,
              help="Portraits to stand in the photos; without, one of scikit-image.")  # fmt: skip
@click.option("--models", type=click.Path(path_type=Path, file_okay=False), default=None, help="Models folder.")
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def speed(photos: Path, faces: Path | None, models: Path | None, as_json: str | None) -> None:
    """One picture on one core: hash and whole pipeline beside what people would glue together."""
    _one_thread()
    from bench.speed import NothingToMeasure, run

    try:
        result = run(photos, faces, models or _models())
    except NothingToMeasure as error:
        raise click.ClickException(str(error)) from None
    _tell(result, as_json)


@bench.command()
@click.option("--photos", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="Everyday photos; at most 100 are used.")  # fmt: skip
@click.option("--portraits", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="Photos with faces; at most 100 are used.")  # fmt: skip
@click.option("--models", type=click.Path(path_type=Path, file_okay=False), default=None, help="Models folder.")
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def ondevice(photos: Path, portraits: Path, models: Path | None, as_json: str | None) -> None:
    """Fingerprints made in Chromium beside Python's of the same files, and what they cost on one core."""
    from bench.ondevice import run
    from web.build import BuildFailed
    from web.device import NoChromium

    try:
        result = run(photos, portraits, models or _models(), lambda line: click.echo(line, err=True))
    except (ValueError, NoChromium, BuildFailed) as error:
        raise click.ClickException(str(error)) from None
    _tell(result, as_json)


@bench.command()
@click.option("--videos", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None,
              help="Originals to edit, instead of made ones; the first 40 seconds are used.")  # fmt: skip
@click.option("--photos", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None,
              help="Photos that the made videos move over, instead of made pictures.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def video(videos: Path | None, photos: Path | None, seed: int, as_json: str | None) -> None:
    """Edited copies of videos: recall, false matches, and how much faster than it plays a video is read."""
    from bench.video import run

    _tell(run(videos, photos, seed, lambda line: click.echo(line, err=True)), as_json)


@bench.command()
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed makes the same world.")
@click.option("--sites", type=click.IntRange(10, 20_000), default=None,
              help="Sites of the world: 200, with --growth 5000.")  # fmt: skip
@click.option("--pages", type=click.IntRange(10), default=1000, show_default=True, help="Pages compared.")
@click.option("--media", type=click.IntRange(10), default=None,
              help="Media compared, at least: 3000; with --growth media known: 1000000.")  # fmt: skip
@click.option("--hostile", is_flag=True, help="Instead, one case of the hostile catalogue after the other.")
@click.option("--killed", is_flag=True, help="Instead, three workers of which one is killed every few seconds.")
@click.option("--growth", is_flag=True, help="Instead, steps of the crawl with a hundred times the sites and media.")
@click.option("--rounds", type=click.IntRange(1, 50), default=9, show_default=True, help="With --growth: of each step.")
@click.option("--sample/--no-sample", default=True, show_default=True,
              help="With --growth: carry out a sweep on loopback, to compare its planning with.")  # fmt: skip
@click.option("--models", type=click.Path(path_type=Path, file_okay=False), default=None, help="Models folder.")
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def crawl(
    seed: int, sites: int | None, pages: int, media: int | None, hostile: bool, killed: bool, growth: bool,
    rounds: int, sample: bool, models: Path | None, as_json: str | None,
) -> None:  # fmt: skip
    """Crawl a world: pages and media per processor second beside a Scrapy spider, what was found, at what rate."""
    if hostile:
        from bench.crawl.hostile import run as run_hostile

        _tell(run_hostile(lambda line: click.echo(line, err=True)), as_json)
        return
    if killed:
        from bench.crawl.killed import run as run_killed

        _tell(run_killed(seed, lambda line: click.echo(line, err=True)), as_json)
        return
    if growth:
        _growth(seed, sites or 5000, media or 1_000_000, rounds, (models or _models()) if sample else None, as_json)
        return
    if sites and sites > 2000:
        raise click.ClickException("A world that is crawled has at most 2000 sites; more are for --growth.")
    from bench.crawl.compare import run

    _tell(run(seed, models or _models(), sites or 200, pages, media or 3000), as_json)


def _growth(seed: int, sites: int, media: int, rounds: int, models: Path | None, as_json: str | None) -> None:
    """``models``: None leaves the sample of a sweep out."""
    from bench.crawl.carried import CannotCarry
    from bench.crawl.growth import TooSmall, run

    try:
        found = run(media, sites, seed, lambda line: click.echo(line, err=True), models, rounds=rounds)
    except (TooSmall, CannotCarry) as error:
        raise click.ClickException(str(error)) from None
    _tell(found, as_json)


@bench.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR")
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def mail(folder: Path, as_json: str | None) -> None:
    """Mails that came back (.eml files in DIR, or in DIR/bounce and DIR/other): recognised, and whom they are about.
    And the replies of the repository's own corpus, by the half that was developed on and the half that was kept."""
    from bench.mail import corpus, measure

    try:
        result = measure(folder) | {"replies": {half: corpus(half) for half in ("open", "kept")}}
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    _tell(result, as_json)


@bench.command()
@click.option("--answers", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True,
              help="A tar of real answers with expectations, SERVER/TLD/NAME.txt and NAME.expected.")  # fmt: skip
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def whois(answers: Path, as_json: str | None) -> None:
    """Real WHOIS answers: registrar, status, dates and abuse desks, beside asyncwhois alone on the same files."""
    from bench.whois import run

    _tell(run(answers), as_json)


@bench.command()
@click.option(
    "--seed", type=int, default=11, show_default=True, help="Of the world; those tried while building are told."
)
@click.option("--sites", type=click.IntRange(10, 5000), default=500, show_default=True)
@click.option("--peers/--no-peers", default=True, show_default=True, help="Ask other tools about the same sites too.")
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def whereabouts(seed: int, sites: int, peers: bool, as_json: str | None) -> None:
    """Who can remove it: right and wrong contacts per party, and the time beside bare look-ups of the same records."""
    from bench.whereabouts import run

    _tell(run(seed, sites, peers), as_json)


@bench.command()
@click.option("--seed", type=int, default=101, show_default=True)
@click.option("--sites", type=click.IntRange(50, 200_000), default=5000, show_default=True)
@click.option("--viral", type=click.IntRange(0, 20), default=8, show_default=True,
              help="Most albums a site has that strangers repost too.")  # fmt: skip
@click.option("--no-growth", is_flag=True, help="Leave out the world of ten times the sites.")
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def networks(seed: int, sites: int, viral: int, no_growth: bool, as_json: str | None) -> None:
    """Mirrors of one operator: precision and recall of pairs, wrong notices, and how the cost grows."""
    from bench.networks import run

    _tell(run(seed, sites, viral, growth=not no_growth), as_json)


@bench.command()
@click.option("--cases", type=click.IntRange(100), default=100_000, show_default=True, help="Generated cases.")
@click.option("--notices", type=click.IntRange(1000), default=100_000, show_default=True, help="Open at once.")
@click.option("--sample", type=click.IntRange(50), default=400, show_default=True,
              help="Deadlines that are run as a job each too; the rest waits beside them.")  # fmt: skip
@click.option("--seed", type=int, default=17, show_default=True)
@click.option("--crash/--no-crash", default=True, show_default=True, help="Kill schedulers at random, too.")
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def clocks(cases: int, notices: int, sample: int, seed: int, crash: bool, as_json: str | None) -> None:
    """Clocks of the law: none missed, early or doubled beside a second reckoning; what a step costs beside jobs."""
    from bench.clocks import run

    _tell(run(cases, notices, sample, seed, crash), as_json)


@bench.command()
@click.option("--findings", type=click.IntRange(20, 10_000), default=200, show_default=True, help="Planned one by one.")
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def notices(findings: int, as_json: str | None) -> None:
    """Planning and drafting: a notice for 500 addresses beside one for five, many findings beside few."""
    from bench.notices import run

    _tell(run(findings), as_json)


@bench.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Of the world; 1 to 4 were used while building.")
@click.option("--each", type=click.IntRange(1, 50), default=2, show_default=True, help="Sites for each way to remove.")
@click.option("--only", default="", help="Ways whose name holds this.")
@click.option("--truth", "truth_file", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write the sites' own account of themselves there, a line a check.")  # fmt: skip
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def verify(seed: int, each: int, only: str, truth_file: Path | None, as_json: str | None) -> None:
    """Removed, or only made to look so: verdicts on made-up sites beside what the sites say of themselves."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "efface.engine.base.django")
    from bench.verify.run import run

    _tell(run(seed, each, lambda line: click.echo(line, err=True), only, truth_file), as_json)


def _tell(result: dict[str, Any], as_json: str | None) -> None:
    """The figures on standard output, and in the file that was named."""
    text = json.dumps(result, indent=2, default=str) + "\n"
    if as_json and as_json != "-":
        Path(as_json).write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def _one_thread() -> None:
    """One core against one core. Numeric libraries read this when they are loaded, so the command starts anew with
    it."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    if any(os.environ.get(name) != "1" for name in names):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | dict.fromkeys(names, "1"))


COMMANDS: list[click.Command] = [bench]


@bench.command()
@click.option("--cases", type=click.IntRange(100, 100_000), default=10_000, show_default=True,
              help="Each with ten findings and fifty events; some with twenty times as many.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(5, 1000), default=60, show_default=True, help="Requests of each page.")
@click.option("--seed", type=int, default=5, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Fill the database there and leave it: the next run with this folder measures at once.")  # fmt: skip
@click.option("--only", default="", help="Pages whose name holds this.")
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def console(cases: int, rounds: int, seed: int, keep: Path | None, only: str, as_json: str | None) -> None:
    """The console's pages on a full database: server time and questions to the database."""
    from bench.desk import OtherRows, run

    try:
        _tell(run(cases, rounds, seed, keep, only), as_json)
    except OtherRows as error:
        raise click.ClickException(str(error)) from None
