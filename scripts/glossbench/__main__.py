"""The command line of glossbench, beside Snakemake's own: ``python -m glossbench COMMAND`` or ``glossbench COMMAND``.

``make`` calls it. All commands work in the current directory, where ``results`` is. Each imports what it alone needs.
"""

import argparse
import sys
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from glossbench import provenance
from glossbench.checksums import sha256
from glossbench.commands.check import (
    check_arguments,
    configuration_in,
    refuse_future,
    refuse_places,
    refuse_unwritable_cache,
)
from glossbench.commands.unlock import unlock
from glossbench.errors import GlossbenchError, SettingsError
from glossbench.settings.checks import check_losses, check_mirror
from glossbench.settings.study import Study, load_study
from glossbench.settings.yaml_file import read_yaml

# Installed from a wheel, the package has no workflow around it: that of the working directory is meant.
ROOT = provenance.ROOT if (provenance.ROOT / "config").is_dir() else Path.cwd()
CONFIG = ROOT / "config"


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status; ``arguments`` are those of the process by default."""
    arguments = [*(sys.argv[1:] if arguments is None else arguments), "--"]
    cut = arguments.index("--")
    args = _parser().parse_args(arguments[:cut])
    args.passed_on = arguments[cut + 1 : -1]
    try:
        return int(args.run(args) or 0)
    except (GlossbenchError, OSError, RuntimeError) as error:
        print(f"glossbench: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="glossbench", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(run: Any, text: str, archive: str = "", study: str = "") -> Any:
        """Add a command, its help for an archive if it takes one, and how many study files (argparse's nargs)."""
        one = commands.add_parser(run.__name__.strip("_"), help=text, description=text)
        one.set_defaults(run=run)
        if archive:
            one.add_argument("archive", type=Path, help=archive)
        if study:
            one.add_argument("study", nargs=study, default=str(CONFIG / "config.yaml"), help="a study file")
            one.add_argument("--config", nargs="+", default=[], metavar="KEY=VALUE", help="settings beside the file")
        return one.add_argument

    option = command(_plan, "hours and disk of a study, on an A100 or at the speed of finished runs", study="?")
    option("--from", dest="runs", type=Path, metavar="RUNS", help="runs.parquet of a finished study")
    command(_status, "runs of a study that are done, at work, waiting or failed", study="?")
    option = command(_pack, "an archive of a study's finished runs and, when all are, of its evidence", study="?")
    option("--to", type=Path, metavar="ARCHIVE", help="default: results/STUDY/STUDY.tar.xz")
    option("--embeddings", action="store_true", help="pack the embeddings and logits of all runs")
    what = "an archive, or a folder of archives"
    option = command(_import, "place the runs of an archive into a study", archive=what, study="?")
    option("--other-numerics", action="store_true", help="take runs of code that gives other numbers")
    text = "check an archive: its files, and that its evidence follows from its runs"
    option = command(_verify, text, archive="an archive")
    option("--digest", help="its sha256, as a paper or a tag states it")
    option = command(_export, "an encoder that a run fine-tuned, as a folder for transformers and others")
    option("run_folder", type=Path, metavar="RUN", help="folder of a run, results/STUDY/runs/.../seed-0")
    option("folder", type=Path, help="a new folder")
    option = command(_track, "write the finished runs of a study to MLflow or TensorBoard, each once", study="?")
    option("--to", required=True, choices=("mlflow", "tensorboard"))
    option("--store", help="default: results/STUDY/mlflow.db, results/STUDY/tensorboard; or an address of MLflow")
    text = "remove the lock and the SLURM jobs that a killed Snakemake left here; refuse a study that is at work here"
    option = command(_unlock, text)
    option("study", nargs="?", help="the study file that is to run next")
    text = "check study files, and after -- the arguments of snakemake, before it reads them"
    command(_check, text, study="*")
    option = command(_files, "files of the runs that a table, figure or claim of the paper needs")
    option("number", help="its number in the paper, e.g. T2, F5 or C1")
    return parser


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    """The study as a file and --config give it."""
    check_arguments(["--config", *args.config])
    return _merged([args.study], args.config)


def _merged(files: list[str], config: list[str]) -> dict[str, Any]:
    """Study files and KEY=VALUE settings, each over those before it, as Snakemake merges them."""
    pairs = [{key: yaml.safe_load(value)} for key, _, value in (entry.partition("=") for entry in config)]
    return reduce(_laid_over, [*(read_yaml(Path(file)) for file in files), *pairs])


def _laid_over(under: Any, over: Any) -> Any:
    """A mapping over another, key by key; of all else the one above."""
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return under | {key: _laid_over(under.get(key), value) for key, value in over.items()}


def _study(args: argparse.Namespace) -> Study:
    return load_study(_settings(args), args.study, CONFIG)


def _plan(args: argparse.Namespace) -> None:
    from glossbench.commands.plan import print_plan

    study = _study(args)
    check_mirror(study, args.study)
    check_losses(study, args.study)
    print_plan(study, args.runs, CONFIG)


def _status(args: argparse.Namespace) -> None:
    from glossbench.commands.status import status_text

    study = _study(args)
    print(status_text(study, Path("results", study.name)))


def _pack(args: argparse.Namespace) -> None:
    from glossbench.archives.packing import pack

    study = _study(args)
    archive = args.to or Path("results", study.name, f"{study.name}.tar.xz")
    runs, evidence = pack(study, _settings(args), archive, ROOT, args.embeddings)
    what = "and the evidence" if evidence else "without evidence"
    print(f"{archive}: {runs} of {len(study.runs)} runs {what}, {archive.stat().st_size / 2**20:.1f} MiB")


def _import(args: argparse.Namespace) -> bool:
    from glossbench.archives.importing import import_archive

    study, refused = _study(args), 0
    archives = sorted(args.archive.glob("*.tar.xz")) if args.archive.is_dir() else [args.archive]
    if not archives:
        raise GlossbenchError(f"{args.archive}: no archive (*.tar.xz) in it")
    for archive in archives:
        try:
            found = import_archive(archive, study, args.other_numerics)
        except GlossbenchError as error:  # the others of a folder may be sound
            print(f"glossbench: {error}", file=sys.stderr)
            refused += 1
            continue
        for name, why in found.refused.items():
            print(f"not taken: {name}: {why}")
        counts = f"{len(found.taken)} taken, {len(found.here)} here already, {len(found.refused)} not taken"
        print(f"{archive.name} into results/{study.name}: {counts}")
        refused += len(found.refused)
    return refused > 0


def _verify(args: argparse.Namespace) -> int:
    from glossbench.archives.verifying import verify

    verdict = verify(args.archive, ROOT, args.digest)
    for fault in verdict.faults:
        print(f"glossbench: {fault}", file=sys.stderr)
    if verdict.faults:
        return 1
    for note in verdict.notes:
        print(f"note: {note}")
    what = "; its frames, tables, figures, verdicts and report follow from its runs" if verdict.whole else ""
    print(f"{args.archive}: sound{what}")
    print(f"sha256 {sha256(args.archive)}" + (", as expected" if args.digest else ""))
    return 0


def _export(args: argparse.Namespace) -> None:
    from glossbench.files import read_made
    from glossbench.learning.exporting import export
    from glossbench.settings.messages import must_be_known
    from glossbench.settings.sources import read_corpora, read_encoders

    if not (args.run_folder / "settings.json").is_file():
        raise GlossbenchError(f"{args.run_folder}: no settings.json, expected the folder of a finished run")
    settings = read_made(args.run_folder / "settings.json")
    registries = {"corpus": read_corpora(CONFIG), "encoder": read_encoders(CONFIG)}
    for kind, known in registries.items():
        must_be_known(settings[kind], known, f"{args.run_folder / 'settings.json'}: {kind}", "registered")
    corpus, encoder = (known[settings[kind]] for kind, known in registries.items())
    source = Path("resources/encoders", settings["encoder"])
    loads = export(args.run_folder, source, args.folder, dict(corpus), dict(encoder))
    print(f"{args.folder}: loads as {', '.join(loads)}")


def _track(args: argparse.Namespace) -> None:
    from glossbench.commands.track import track

    study = _study(args)
    results = Path("results", study.name)
    default = {"mlflow": f"sqlite:///{results}/mlflow.db", "tensorboard": str(results / "tensorboard")}
    store = args.store or default[args.to]
    written, there = track(study, results, args.to, store)
    print(f"{store}: {written} runs written, {there} there already")


def _unlock(args: argparse.Namespace) -> None:
    named = ["--configfile", args.study] if args.study else []
    for message in unlock(Path.cwd(), [*args.passed_on, *named], CONFIG / "config.yaml"):
        print(f"glossbench: {message}")


def _check(args: argparse.Namespace) -> None:
    files = [args.study] if isinstance(args.study, str) else args.study
    check_arguments(args.passed_on)
    settings = _merged(files, configuration_in(args.passed_on).config)
    refuse_unwritable_cache()
    try:
        study = load_study(settings, str(args.study), CONFIG)
    except SettingsError:
        return  # Snakemake, which merges settings, says it on one line too
    refuse_places(study)
    refuse_future(study)


def _files(args: argparse.Namespace) -> None:
    from glossbench.pages.items import files_of

    if not (files := files_of(args.number, ROOT)):  # of no files Snakemake would make the whole study
        raise GlossbenchError(f"{args.number}: needs no runs")
    print("\n".join(files))


if __name__ == "__main__":
    sys.exit(main())
