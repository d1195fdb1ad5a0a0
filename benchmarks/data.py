"""Preparing and tokenizing the corpora, each by a run of the workflow on two cores."""

from collections.abc import Iterator

from benchmarks.inputs import CORPORA, ROOT, SCRATCH, make_inputs, snakemake, tokens_folder
from benchmarks.rows import Options, Row


def rows(options: Options) -> Iterator[Row]:
    """Seconds of the rules, start of Snakemake and of its jobs included."""
    corpora = CORPORA[:1] if options.quick else CORPORA
    make_inputs(options, corpora)
    case = f"{len(corpora)} corpora, two cores"
    prepared = [(SCRATCH / "corpora" / corpus / "train.parquet").relative_to(ROOT) for corpus in corpora]
    tokens = [tokens_folder(corpus).relative_to(ROOT) for corpus in corpora]
    for what, rule, targets in (
        ("preparing", "prepare_corpus", prepared),
        ("tokenizing", "tokenize_corpus", tokens),
    ):
        seconds, _ = snakemake(*options.snakemake, "--forcerun", rule, "--", *targets)
        yield Row("data", case, what, seconds, "s")
