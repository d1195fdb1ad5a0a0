"""Makes ARTIFACT.md: a check of half an hour, then the command and the cost of each claim.

``python -m glossbench.tools.artifact_page`` (``make docs``) writes the page from config/{claims,costs}.yaml and the
studies that they name.
"""

import sys
from dataclasses import replace
from pathlib import Path

from glossbench.errors import GlossbenchError
from glossbench.settings.outputs import load_claims
from glossbench.tools.items import Costs, claim_item, load_costs
from glossbench.tools.reproducing import page_table, place, row

ROOT = Path(__file__).parents[3]
TEXT = """# For those who check this artifact

Written by `make docs` from `config/claims.yaml` and `config/costs.yaml`; a test holds this page against them.
[REPRODUCING.md](REPRODUCING.md) has every table and figure, [docs/guarantees.md](docs/guarantees.md) what is promised
and which test checks it, [CITATION.cff](CITATION.cff) the paper.

## Half an hour

You need two cores, 6 GB of memory, 3 GB of disk, Python 3.11 or newer, make, and a Python package registry. No GPU.

```
make demo                                                 # installs, trains, makes results/{quick}/report.html
make artifact                                             # packs all that the report stands on
make verify ARCHIVE=results/{quick}/{quick}-artifact.tar.gz   # makes the evidence again and compares it
make demo                                                 # does nothing: all is there
make test-fast                                            # the tests that take seconds
```

The study takes {minutes:.0f} minutes on {machine}, installing as long again, verifying a minute. What to see:

- The report opens without a network. Its first table has the scores, its last section versions, commit and the digests
  of all that was fetched.
- On this one small corpus every claim is undecided or not tested, which is what the rules for verdicts ask for.
- `make verify` prints `sound` and the SHA-256 of the archive. Change any file in it and it says which.
- The archive is a Workflow Run RO-Crate: `ro-crate-metadata.json` describes workflow, inputs with their licences, runs,
  software, tables, figures and claims.

## The paper's claims, without training

[results/cpu](results/cpu/README.md) checks the claims on the paper's five corpora; its runs took seven hours of two
cores. They come with the repository, so that tables, figures, verdicts and report can be made again from them, without
a download, in two minutes:

```
make import ARCHIVE=results/cpu/runs STUDY=config/cpu.yaml
make study STUDY=config/cpu.yaml
git status results/cpu    # the same bytes, but for provenance and report, which name the commit
```

## An archive that comes with a paper

`make verify ARCHIVE=... DIGEST=...` in a checkout of the commit that the archive names. The digest is the SHA-256 that
the paper or the tag states; without it, what was forged as a whole cannot be told from what was made
([docs/guarantees.md](docs/guarantees.md#archives)).

## Claims

A verdict needs the runs that its row counts. Verdicts are made when all runs of their study are finished, so the first
of these commands trains the whole study. Times are hours on {large}, of the runs of the row and their searches: from
runs that stop as early as the paper's do, to runs that train for all epochs. With an archive of runs (`make pack`
elsewhere, `make import` here) nothing is trained, and the same commands take minutes.

{claims}"""


def page(root: Path) -> str:
    """The text of ARTIFACT.md.

    Args:
        root: Root folder of the repository.

    Raises:
        SettingsError: A registry or a study is not valid.
    """
    costs = load_costs(root)
    name = "quick"
    quick = costs.entries["studies"][name]
    return TEXT.format(
        quick=name,
        minutes=60 * quick["hours"],
        machine=quick["machine"],
        large=costs.entries["machine"],
        claims=_claims(root, costs),
    )


def _claims(root: Path, costs: Costs) -> str:
    """A row for each claim: judged by the study to begin with, or by the whole grid where that has no runs for it."""
    claims, first = load_claims(root / "config"), replace(costs, entries={**costs.entries, "names": costs.core.name})
    rows = []
    for number in sorted(claims, key=place):
        judged = first if claim_item(number, claims[number], first).study.runs else costs
        item = claim_item(number, claims[number], judged)
        rows.append(row(replace(item, title=claims[number]["claim"]), judged))
    return page_table(["", "claim", "command", "runs", "time", "disk", "judged here on"], rows)


if __name__ == "__main__":
    try:
        (ROOT / "ARTIFACT.md").write_text(page(ROOT), encoding="utf-8")
    except GlossbenchError as error:
        sys.exit(f"glossbench: {error}")
