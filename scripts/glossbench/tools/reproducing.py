"""Makes REPRODUCING.md: each table, figure and claim of the paper, the command that makes it, and its cost.

``python -m glossbench.tools.reproducing`` (``make docs``) writes the page from config/{outputs,claims,costs}.yaml and
the studies that they name. ``python -m glossbench.tools.reproducing T2`` prints the files of the runs that T2 needs.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from glossbench.errors import GlossbenchError, SettingsError
from glossbench.evidence.build import module_of
from glossbench.evidence.paper.facts import read_facts
from glossbench.evidence.paper.published import published_costs
from glossbench.evidence.text.markdown import pipe_table
from glossbench.evidence.text.numbers import DASH
from glossbench.study.grid import Run
from glossbench.study.keys import ObjectiveKey
from glossbench.study.outputs import Output, load_claims, load_outputs
from glossbench.study.schema import check, load_schema, must_be_known
from glossbench.study.study import Study, load_study
from glossbench.study.yaml_file import read_yaml
from glossbench.tools.plan import plan

ROOT = Path(__file__).parents[3]
UNKNOWN = "not measured yet"
VARIED = ("best-values", "swings")  # kinds of claims about changed settings
SHOWN_SINGLY = ("projection", "snapshots")  # settings of a study that name some objectives and one seed
HEAD = """# Reproducing the paper

Each table, figure and claim of *G-Loss: Graph-Guided Fine-Tuning of Language Models* (arXiv:2604.25853), the command
that makes it here and what that takes. Written by `make docs` from `config/outputs.yaml`, `config/claims.yaml` and
`config/costs.yaml`; a test holds this page against them.

Commands are run in a clone after `make demo`, which makes the environment in `.venv`; they start with `.venv/bin/`,
and name the file that they make. Without internet see *Studies* in README.md; on a cluster, the same
commands with `--executor slurm --jobs 50`.

Tables and figures are made when all runs of their study are finished, so the first of these commands trains the whole
grid and the others find it there. *runs*, *time* and *disk* are those of what the row itself stands on; a run that
several rows need is made once. To make one row from its own runs alone, T2 for instance:

```
snakemake $(PYTHONPATH=scripts python -m glossbench.tools.reproducing T2) --configfile config/paper.yaml
snakemake results/paper/partial/tables/integrated.csv --configfile config/paper.yaml
```
"""


@dataclass(frozen=True)
class Costs:
    """config/costs.yaml and its studies, in its order."""

    entries: dict[str, Any]
    studies: dict[str, Study]

    @property
    def main(self) -> Study:
        """The study whose commands and files the page names."""
        return self.studies[self.entries["names"]]

    def run_here(self) -> list[Study]:
        """The studies that were run on our machines."""
        return [study for name, study in self.studies.items() if self.entries["studies"][name]["run_here"]]


@dataclass(frozen=True)
class Item:
    """A row of the page: a table, a figure or a claim.

    Args:
        number: Its number in the paper, or empty.
        title: What it is.
        target: The file to make; empty if the main study cannot fill it.
        runs: The runs of the main study that it needs.
        searches: Whether it needs the trials of searches.
        here: Names of the studies run here that fill it.
    """

    number: str
    title: str
    target: str
    runs: tuple[Run, ...]
    searches: bool
    here: list[str]


def load_costs(root: Path) -> Costs:
    """Load config/costs.yaml and its studies.

    Args:
        root: Root folder of the repository.

    Raises:
        SettingsError: The file is not valid, or a study file has another name than listed.
    """
    config = root / "config"
    source = config / "costs.yaml"
    entries = read_yaml(source)
    check(entries, load_schema(config, "costs"), str(source))
    must_be_known(entries["names"], entries["studies"], f"{source}: names", "studies")
    studies = {}
    for name, entry in entries["studies"].items():
        studies[name] = load_study(read_yaml(root / entry["file"]), entry["file"], config)
        if studies[name].name != name:
            raise SettingsError(f"{source}: studies.{name}: {entry['file']} is the study {studies[name].name}")
    return Costs(entries, studies)


def page(root: Path) -> str:
    """The text of REPRODUCING.md.

    Args:
        root: Root folder of the repository.

    Raises:
        SettingsError: A registry or a study is not valid.
    """
    costs = load_costs(root)
    outputs, claims = load_outputs(root / "config"), load_claims(root / "config")
    items = {output.key: _item(output, costs) for output in outputs}
    parts = [
        HEAD,
        f"## Studies\n\n{_studies(costs)}",
        *(
            f"## {kind.capitalize()}s of the paper\n\n"
            + _items((items[output.key] for output in _by_number(outputs, kind)), costs, root)
            for kind in ("table", "figure")
        ),
        f"## Claims of the paper\n\n{_claims(claims, costs, root)}",
        "## Beyond the paper\n\n" + _items((items[one.key] for one in outputs if not one.paper), costs, root),
        _sources(costs),
    ]
    return "\n".join(parts)


def _by_number(outputs: list[Output], kind: str) -> list[Output]:
    numbered = [output for output in outputs if output.kind == kind and output.paper]
    return sorted(numbered, key=lambda output: int(output.paper[1:]))


def _item(output: Output, costs: Costs) -> Item:
    study = costs.main if output.fillable(costs.main) else None
    ending = "csv" if output.kind == "table" else "pdf"
    return Item(
        number=output.paper or "",
        title=output.title,
        target=f"results/{study.name}/{output.kind}s/{output.key}.{ending}" if study else "",
        runs=_runs_of(output, study) if study else (),
        searches="trials" in output.reads,
        here=[other.name for other in costs.run_here() if output.fillable(other)],
    )


def _runs_of(output: Output, study: Study) -> tuple[Run, ...]:
    """The runs that an output selects; for projections and snapshots, only those whose embeddings are kept for it."""
    runs = study.runs
    shown = study.settings[output.needs["setting"]] if output.needs.get("setting") in SHOWN_SINGLY else None
    if shown:
        runs = [run for run in runs if run.objective in shown["objectives"] and run.seed == shown["seed"]]
    rows = [
        {
            **vars(run),
            **study.key_columns(run.objective),
            **{key: study.objective(run.objective)[key] for key in ("preset", "protocol")},
        }
        for run in runs
    ]
    module = module_of(output.kind, output.module)
    kept = module.select(pd.DataFrame(rows), **output.settings).index if rows else []
    return tuple(runs[place] for place in kept)


def runs_of_claim(claim: dict[str, Any], study: Study) -> tuple[Run, ...]:
    """The runs of a study that decide a claim: its corpora, encoders and objectives, and the changes it is about.

    Args:
        claim: Entry of config/claims.yaml.
        study: The study.
    """
    measure, paper = claim["measure"], claim["paper"]
    varied = [measure.get("setting"), *measure.get("baselines", [])] if measure["kind"] in VARIED else []
    objectives = {*measure["gloss"], *([] if varied else measure.get("baselines", []))}
    keys = {key: ObjectiveKey.parse(key) for key in study.objectives}
    needed = {
        text
        for text, key in keys.items()
        if key.base in objectives
        and key.preset is None
        and (not key.changes or any(setting in varied for setting, _ in key.changes))
    }
    return tuple(
        run
        for run in study.runs
        if run.corpus in paper["corpora"] and run.encoder in paper["encoders"] and run.objective in needed
    )


def _measures(study: Study, claim: dict[str, Any]) -> bool:
    """Whether a study has runs that measure a claim, on any corpus: G-Loss, and a baseline or a change."""
    measure = claim["measure"]
    only = measure.get("only", study.corpora)
    keys = {run.objective for run in study.runs if run.corpus in only}
    if measure["kind"] in VARIED:
        settings = [measure["setting"], *(measure.get("baselines", []) if measure["kind"] == "swings" else [])]
        changed = {setting for key in keys for setting, _ in study.changes(key)}
        return changed >= set(settings)
    baselines = measure.get("baselines")
    return bool(keys & set(measure["gloss"])) and (baselines is None or bool(keys & set(baselines)))


def _studies(costs: Costs) -> str:
    rows = [
        [
            f"`{name}`",
            f"`{_command(costs, name)}`",
            f"{len(study.runs):,}",
            f"{len(study.tuning_jobs()):,}",
            _amount(entry["hours"], "h", entry),
            _amount(entry["disk_gb"], "GB", entry),
            entry["machine"] or DASH,
            "yes" if entry["run_here"] else "no",
        ]
        for (name, study), entry in zip(costs.studies.items(), costs.entries["studies"].values(), strict=True)
    ]
    return _page_table(["study", "command", "runs", "searches", "time", "disk", "machine", "run here"], rows)


def _items(items: Iterator[Item], costs: Costs, root: Path) -> str:
    headers = ["", "what", "command", "runs", "time", "disk", "run here on"]
    return _page_table(headers, [_row(item, costs, root) for item in items])


def _claims(claims: dict[str, dict[str, Any]], costs: Costs, root: Path) -> str:
    intro = (
        "One command judges all ten; each verdict needs the runs of its row. Confirmed means that the whole 95 % "
        "interval of the quantity lies where the claim puts it.\n"
    )
    rows = []
    for number in sorted(claims, key=lambda number: int(number[1:])):
        claim = claims[number]
        here = [study.name for study in costs.run_here() if _measures(study, claim)]
        runs = runs_of_claim(claim, costs.main)
        title = f"{claim['claim']} Source: {claim['source']}. Measured: {claim['quantity']}."
        rows.append(_row(Item(number, title, f"results/{costs.main.name}/claims.md", runs, False, here), costs, root))
    return f"{intro}\n" + _page_table(["", "claim", "command", "runs", "time", "disk", "judged here on"], rows)


def _row(item: Item, costs: Costs, root: Path) -> list[str]:
    if not item.target:
        return [item.number, item.title, DASH, DASH, DASH, DASH, ", ".join(item.here) or "not run here"]
    runs = "all searches" if item.searches and not item.runs else f"{len(item.runs):,}" if item.runs else "none"
    return [
        item.number,
        item.title,
        f"`{_command(costs, costs.main.name, item.target)}`",
        runs,
        _hours(item, costs, root),
        _disk(item, costs),
        ", ".join(item.here) or "not run here",
    ]


def _hours(item: Item, costs: Costs, root: Path) -> str:
    remark = costs.entries["remarks"].get(item.number)
    known = [f"{_amount(remark['hours'], 'h', remark)} on {remark['machine']}: {remark['where']}"] if remark else []
    speed = costs.entries["speed"]
    study = costs.main if item.searches and not item.runs else replace(costs.main, runs=item.runs)
    if not study.runs or not (item.runs or item.searches):
        return "; ".join(["no training", *known])
    needed = {run.encoder for run in study.runs}
    if any(speed["docs_per_second"].get(encoder) is None for encoder in needed):
        return "; ".join([UNKNOWN, *known])
    measured = pd.DataFrame(
        {
            "encoder": encoder,
            "docs_per_second": speed["docs_per_second"][encoder],
            "n_trainable": study.registry["encoders"][encoder]["parameters"],
        }
        for encoder in needed
    )
    published = root / "config" / "published"
    jobs = plan(study, measured, published_costs(published), read_facts(published))
    hours = jobs[jobs["kind"] == "trial"]["hours"].sum() if item.searches and not item.runs else jobs["hours"].sum()
    return "; ".join([f"at most {hours:,.1f} h (estimated) on {speed['machine']}", *known])


def _disk(item: Item, costs: Costs) -> str:
    each = costs.entries["speed"]["mb_per_run"]
    if not item.runs:
        return DASH
    return UNKNOWN if each is None else f"{len(item.runs) * each / 1000:,.1f} GB (estimated)"


def _sources(costs: Costs) -> str:
    """The section on the sources of the numbers."""
    speed = costs.entries["speed"]
    known = {encoder: value for encoder, value in speed["docs_per_second"].items() if value is not None}
    rates = ", ".join(f"{encoder} {value:,.0f}" for encoder, value in known.items())
    measured = f"{rates} ({speed['machine']}; {speed['where']})" if rates else UNKNOWN
    sources = [
        f"- {name}: {entry['basis']}, {entry['where']}"
        for name, entry in costs.entries["studies"].items()
        if entry["where"]
    ]
    return "\n".join(
        [
            "## Where the numbers come from\n",
            "The time of an item is what its runs and their searches take one after another: epochs until the paper's",
            "mean early stop on each corpus, no trial pruned, divided by the training documents a second measured:",
            f"{measured}. Disk is that of its runs, without downloads and tokens.",
            *(["", *sources] if sources else []),
            "",
        ]
    )


def _command(costs: Costs, name: str, target: str = "") -> str:
    # The target comes first, because --configfile takes all following words as files.
    return " ".join(
        ["snakemake", *([target] if target else []), "--configfile", costs.entries["studies"][name]["file"]]
    )


def _amount(value: float | None, unit: str, entry: dict[str, Any]) -> str:
    if value is None:
        return UNKNOWN
    return f"{value:,.0f} {unit} ({entry['basis']})" if value >= 100 else f"{value:.2g} {unit} ({entry['basis']})"


def _page_table(headers: list[str], rows: list[list[str]]) -> str:
    return pipe_table(headers, rows) + "\n"


def files_of(number: str, root: Path) -> list[str]:
    """One file of each run and search that a table, figure or claim needs. Making these files makes the runs.

    Args:
        number: Number in the paper, e.g. T2, F5 or C1.
        root: Root folder of the repository.

    Raises:
        SettingsError: There is no such number.
    """
    costs, claims = load_costs(root), load_claims(root / "config")
    outputs = {output.paper: output for output in load_outputs(root / "config") if output.paper}
    must_be_known(number, {**outputs, **claims}, "glossbench.tools.reproducing", "tables, figures and claims")
    study, top = costs.main, f"results/{costs.main.name}"
    if number in claims:
        runs, searches = runs_of_claim(claims[number], study), []
    else:
        runs = _item(outputs[number], costs).runs
        searches = study.tuning_jobs() if "trials" in outputs[number].reads else []
    return [
        *(f"{top}/tuning/{one.corpus}/{one.encoder}/{one.objective}/best.yaml" for one in searches),
        *(f"{top}/runs/{run.corpus}/{run.encoder}/{run.objective}/seed-{run.seed}/metrics.json" for run in runs),
    ]


if __name__ == "__main__":
    try:
        if len(sys.argv) > 1:
            print("\n".join(files_of(sys.argv[1], ROOT)))
        else:
            (ROOT / "REPRODUCING.md").write_text(page(ROOT), encoding="utf-8")
    except GlossbenchError as error:
        sys.exit(f"glossbench: {error}")
