"""Measures glossbench, for ``make bench``: one table, one figure.

    PYTHONPATH=scripts:. python -m benchmarks.bench [--only step,graph] [--quick] [-- ARGUMENTS OF SNAKEMAKE]

Writes benchmarks/results/bench.{json,csv,md,png} and the table in docs/performance.md. A quick run measures the
smallest cases once and writes to results/bench/quick.
"""

import argparse
import importlib
import time
from collections.abc import Iterable
from datetime import date

from benchmarks.inputs import ROOT, SCRATCH
from benchmarks.machine import machine
from benchmarks.results_files import Results, markdown, read_results, write_between_markers, write_results
from benchmarks.rows import SUBJECTS, Options, Row

RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "performance.md"


def subjects(text: str, known: Iterable[str] = SUBJECTS) -> list[str]:
    """Names of subjects from a list with commas; all that are known if it is empty."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = sorted({*names} - {*known})
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} found, expected some of {', '.join(known)}")
    return [name for name in known if name in names or not names]


def row_text(row: Row) -> str:
    """A measurement in one line."""
    ratio = "" if row.ratio is None else f"  ratio {row.ratio:.3g}"
    return f"{row.subject}: {row.case}: {row.what}: {row.value:.4g} {row.unit}{ratio}"


def measure(subject: str, options: Options) -> dict:
    """Measurements of a subject, and what it was measured on. Each is printed as it comes."""
    started, about = time.perf_counter(), machine()
    rows = []
    for row in importlib.import_module(f"benchmarks.{subject}").rows(options):
        print(row_text(row), flush=True)
        rows.append(vars(row))
    seconds = round(time.perf_counter() - started, 1)
    return {"measured": date.today().isoformat(), "seconds": seconds, "machine": about, "rows": rows}


def main() -> None:
    """Measure, and write after each subject."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=subjects, default=list(SUBJECTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("snakemake", nargs="*")
    given = parser.parse_args()
    options = Options(1 if given.quick else 3, given.quick, tuple(given.snakemake))
    folder = SCRATCH / "quick" if given.quick else RESULTS
    results: Results = read_results(folder / "bench.json")
    for subject in given.only:
        results[subject] = measure(subject, options)
        results = {name: results[name] for name in SUBJECTS if name in results}
        write_results(results, folder)
    if not given.quick:
        write_between_markers(PAGE, markdown(results))
    print(f"bench: {sum(results[name]['seconds'] for name in given.only):.0f} s; see {folder.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
