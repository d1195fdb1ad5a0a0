"""Makes REPRODUCING.md: each table, figure and claim of the paper, the command that makes it, and its cost."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from glossbench.commands.plan import kept_bytes, plan, published_speed, speeds, without_stop
from glossbench.evidence.text.markdown import pipe_table
from glossbench.evidence.text.numbers import DASH, number
from glossbench.pages.decidable import cells, decidable
from glossbench.pages.items import Costs, Item, claim_item, load_costs, output_item, runs_of_claim
from glossbench.paper import published_costs, read_facts
from glossbench.settings.claims import load_claims
from glossbench.settings.outputs import Output, load_outputs
from glossbench.settings.study import Study

UNKNOWN = "not measured yet"
NOT_RUN = "not run here"
HEAD = """# Reproducing the paper

Each table, figure and claim of *G-Loss: Graph-Guided Fine-Tuning of Language Models* (arXiv:2604.25853), the command
that makes it here and what that takes. Written by `make docs` from `config/outputs.yaml`, `config/claims.yaml` and
`config/costs.yaml`; a test holds this page against them.

Commands are run in a clone after `make demo`, which makes the environment in `.venv`; they start with `.venv/bin/`,
and name the file that they make. On a cluster, the same commands with `--profile profiles/slurm`
([docs/cluster.md](docs/cluster.md), also on clusters without internet). [docs/guarantees.md](docs/guarantees.md) has
what is promised and which test checks it.
"""
ARTIFACT = """## Half an hour, for those who check this artifact

You need two cores, 6 GB of memory, 3 GB of disk, Python 3.11 or newer, make, and a Python package registry. No GPU.

```
make demo                                            # installs, trains, makes results/{quick}/report.html
make pack                                            # packs all that the report is made from
make verify ARCHIVE=results/{quick}/{quick}.tar.gz       # makes the evidence again from the runs and compares it
make demo                                            # does nothing: all is there
make test-fast                                       # the tests that take seconds
```

The study takes {minutes:.0f} minutes on {machine}, installing as long again, verifying a minute. What to see:

- The report opens without a network. Its first table has the scores, its last section versions, commit and the digests
  of all that was fetched.
- On this one small corpus every claim is undecided or not tested, which is what the rules for verdicts ask for.
- `make verify` prints `sound` and the SHA-256 of the archive. Change any file in it and it says which.
- The archive is a Workflow Run RO-Crate: `ro-crate-metadata.json` describes workflow, inputs with their licences, runs,
  software, tables, figures and claims.

[results/cpu](results/cpu/README.md) checks the claims on the paper's five corpora; its runs took seven hours of two
cores. They come with the repository, so that tables, figures, verdicts and report can be made again from them, without
a download, in two minutes:

```
make import ARCHIVE=results/cpu/runs STUDY=config/cpu.yaml
make study STUDY=config/cpu.yaml
git status results/cpu    # the same bytes, but for provenance and report, which name the commit
```

An archive that comes with a paper: `make verify ARCHIVE=... DIGEST=...` in a checkout of the commit that the archive
names. The digest is the SHA-256 that the paper or the tag states; without it, what was forged as a whole cannot be told
from what was made ([docs/guarantees.md](docs/guarantees.md#archives)).
"""
GRID = """## The paper's whole grid

Tables and figures are made when all runs of their study are finished, so the first of the commands below trains all of
`{file}` and the others find it there. *runs*, *time* and *disk* are those of what the row itself stands on;
a run that several rows need is made once. To make one row from its own runs alone, T2 for instance:

```
snakemake $(PYTHONPATH=scripts python -m glossbench files T2) --configfile {file}
snakemake results/{name}/partial/tables/integrated.csv --configfile {file}
```
"""
CORE = """## The study to begin with

`{file}` has what claims C1 - C9 need, with BERT-base alone: {runs} runs and {searches} searches,
{hours} on {machine}.

```
make plan STUDY={file}
make study STUDY={file} ARGS="--resources gpu=1"
```

A verdict rests on comparisons of pairs: of two objectives with the same seed in one cell (corpus and encoder), or over
corpora. *decided from* is the difference that a comparison detects with a probability of 0.8 at this number of pairs
(two-sided paired t test at 0.05), for the most and the least steady of its comparisons. *in the paper* is the paper's
own difference, and *pairs for it* how many pairs would detect that one; both are medians. Where that is more than
*pairs*, a difference of the paper's size is likely to stay undecided. The spread over seeds follows from the standard
deviations in T2, the spread over corpora from the differences in T3.
"""


def page(root: Path) -> str:
    """The text of REPRODUCING.md.

    Args:
        root: Root folder of the repository.

    Raises:
        SettingsError: A registry or a study is not valid.
    """
    costs = load_costs(root)
    outputs, claims = load_outputs(root / "config"), load_claims(root / "config")
    items = {output.key: output_item(output, costs) for output in outputs}
    main = {"file": costs.entries["studies"][costs.main.name]["file"], "name": costs.main.name}
    parts = [
        HEAD,
        _artifact(costs),
        _core(claims, costs),
        f"## Studies\n\n{_studies(costs)}",
        GRID.format(**main),
        *(
            f"## {kind.capitalize()}s of the paper\n\n"
            + _items((items[output.key] for output in _by_number(outputs, kind)), costs)
            for kind in ("table", "figure")
        ),
        f"## Claims of the paper\n\n{_claims(claims, costs)}",
        "## Beyond the paper\n\n" + _items((items[one.key] for one in outputs if not one.paper), costs),
        _sources(costs),
    ]
    return "\n".join(parts)


def _artifact(costs: Costs) -> str:
    quick = costs.entries["studies"]["quick"]
    return ARTIFACT.format(quick="quick", minutes=60 * quick["hours"], machine=quick["machine"])


def _by_number(outputs: list[Output], kind: str) -> list[Output]:
    numbered = [output for output in outputs if output.kind == kind and output.paper]
    return sorted(numbered, key=lambda output: place(output.paper))


def place(number: str) -> int:
    """The place of a table, figure or claim among the others, from its number in the paper."""
    return int(number[1:])


def _core(claims: dict[str, dict[str, Any]], costs: Costs) -> str:
    """The section on the study that leads: its cost, and what it can decide of each claim."""
    study = costs.core
    text = CORE.format(
        file=costs.entries["studies"][study.name]["file"],
        runs=len(study.runs),
        searches=len(study.tuning_jobs()),
        hours=_estimate(study, costs),
        machine=costs.entries["machine"],
    )
    rows = [
        [name, number(len(runs_of_claim(claims[name], study))), *cells(decidable(claims[name], study, costs.published))]
        for name in sorted(claims, key=place)
    ]
    headers = ["", "runs", "compared", "pairs", "decided from", "in the paper", "pairs for it"]
    return f"{text}\n{page_table(headers, rows)}"


def _studies(costs: Costs) -> str:
    rows = [
        [
            f"`{name}`",
            f"`{_command(costs, name)}`",
            f"{len(study.runs):,}",
            f"{len(study.tuning_jobs()):,}",
            *_costs_of(name, costs),
            "yes" if costs.entries["studies"][name]["run_here"] else "no",
        ]
        for name, study in costs.studies.items()
    ]
    return page_table(["study", "command", "runs", "searches", "time", "disk", "machine", "run here"], rows)


def _costs_of(name: str, costs: Costs) -> list[str]:
    """Time, disk and machine of a study: measured where it was run here, otherwise estimated."""
    entry, study = costs.entries["studies"][name], costs.studies[name]
    if not entry["run_here"]:
        return [_estimate(study, costs), _disk(study, costs), costs.entries["machine"]]
    hours, size = (
        UNKNOWN if entry[key] is None else f"{entry[key]:.2g} {unit} (measured)"
        for key, unit in {"hours": "h", "disk_gb": "GB"}.items()
    )
    return [hours, size, entry["machine"] or DASH]


def _items(items: Iterable[Item], costs: Costs) -> str:
    headers = ["", "what", "command", "runs", "time", "disk", "run here on"]
    return page_table(headers, [row(item, costs) for item in items])


def _claims(claims: dict[str, dict[str, Any]], costs: Costs) -> str:
    """A row for each claim: judged by the study to begin with, or by the whole grid where that has no runs for it."""
    intro = (
        "A verdict needs the runs that its row counts. Verdicts are made when all runs of their study are finished, so "
        "the first of these commands trains the whole study.\n"
    )
    first = replace(costs, entries={**costs.entries, "names": costs.core.name})
    rows = []
    for name in sorted(claims, key=place):
        judged = first if runs_of_claim(claims[name], costs.core) else costs
        rows.append(row(claim_item(name, claims[name], judged), judged))
    return f"{intro}\n" + page_table(["", "claim", "command", "runs", "time", "disk", "judged here on"], rows)


def row(item: Item, costs: Costs) -> list[str]:
    """The cells of an item's row: number, title, command, runs, time, disk, and where it was run here."""
    here = ", ".join(item.here) or NOT_RUN
    if not item.target:
        return [item.number, item.title, DASH, DASH, DASH, DASH, here]
    runs = item.study.runs
    return [
        item.number,
        item.title,
        f"`{_command(costs, costs.main.name, item.target)}`",
        "all searches" if item.searches else f"{len(runs):,}" if runs else "none",
        _hours(item, costs),
        _disk(item.study, costs) if runs else DASH,
        here,
    ]


def _hours(item: Item, costs: Costs) -> str:
    if item.searches:
        return _estimate(costs.main, costs, kinds=("trial",))
    return _estimate(item.study, costs) if item.study.runs else "no training"


def _estimate(study: Study, costs: Costs, kinds: tuple[str, ...] = ("run", "trial")) -> str:
    """The hours of a study's runs and their searches as a range; corpora without a published early stop apart."""
    apart = without_stop(study, published_costs(costs.published))
    if apart is None:
        return f"{_range(study, costs, kinds)} h"
    rest = replace(study, runs=tuple(run for run in study.runs if run not in set(apart.runs)))
    beside = f"GLUE {_range(apart, costs, kinds)} h"
    return f"{_range(rest, costs, kinds)} h, {beside}" if rest.runs else beside


def _range(study: Study, costs: Costs, kinds: tuple[str, ...]) -> str:
    facts = read_facts(costs.published)
    jobs = plan(study, published_speed(study, facts), published_costs(costs.published), facts)
    jobs = jobs[jobs["kind"].isin(kinds)]
    ends = [number(jobs[name].sum(), 1 if jobs["hours"].sum() < 100 else 0) for name in ("hours", "hours_at_most")]
    return " – ".join(dict.fromkeys(ends))


def _disk(study: Study, costs: Costs) -> str:
    return f"{kept_bytes(study, read_facts(costs.published)) / 1e9:,.1f} GB"


def _sources(costs: Costs) -> str:
    """The section on the sources of the numbers."""
    published, study = published_costs(costs.published), costs.main
    rates = speeds(published_speed(study, read_facts(costs.published)), study)
    mean = published.groupby("corpus")["stop_epoch"].mean()
    sources = [f"- {name}: {entry['where']}" for name, entry in costs.entries["studies"].items() if entry["where"]]
    return "\n".join(
        [
            "## Where the numbers come from\n",
            f"Times that are not measured are hours on {costs.entries['machine']}, of the runs of the row and their",
            "searches one after another. A range begins with runs and trials that stop at the mean early stop of their",
            f"corpus in T3 ({', '.join(f'{corpus} {stop:.0f}' for corpus, stop in mean.items())}), and ends with runs",
            f"and trials that train for all epochs that the study allows ({study.settings.training.epochs} in",
            f"`{study.name}`, {costs.core.settings.training.epochs} in `{costs.core.name}`). No trial is pruned.",
            "Of GLUE the paper states no epochs (D27); the mean of T3's corpora",
            f"({mean.mean():.0f}) is assumed for the beginning of the range, and as many trials as elsewhere.",
            "",
            "The speed is that of T3: the documents that its runs trained on over their total time, validation",
            "included; other encoders by their parameters. In documents a second:",
            f"{', '.join(f'{encoder} {rate:.0f}' for encoder, rate in sorted(rates.items()))}. Disk is what finished",
            "runs keep, without downloads and tokens.",
            *(["", "Measured:", "", *sources] if sources else []),
            "",
        ]
    )


def _command(costs: Costs, name: str, target: str = "") -> str:
    # The target comes first, because --configfile takes all following words as files.
    return " ".join(
        ["snakemake", *([target] if target else []), "--configfile", costs.entries["studies"][name]["file"]]
    )


def page_table(headers: list[str], rows: list[list[str]]) -> str:
    """A table of a page."""
    return pipe_table(headers, rows) + "\n"
