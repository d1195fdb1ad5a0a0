"""Brings the pages that are made from the repository up to date: ``python -m glossbench.pages`` (``make docs``).

Reads the output of ``snakemake --rulegraph mermaid-js --forceall`` from its standard input.
"""

import sys
from pathlib import Path

from glossbench.errors import GlossbenchError
from glossbench.pages import reproducing, rules, settings, verdicts
from glossbench.settings.study_file import study_schema

ROOT = Path(__file__).parents[3]


def main() -> None:
    """Write config/README.md and its JSON schema, REPRODUCING.md, results/verdicts.* and the graph in docs/running.md.

    Raises:
        SettingsError: A registry or a study is not valid.
        GlossbenchError: A study that judges a claim has not been run.
    """
    config, running = ROOT / "config/README.md", ROOT / "docs/running.md"
    judged = verdicts.verdicts(ROOT)
    pages = {
        config: settings.updated(config.read_text(encoding="utf-8"), ROOT / "config"),
        ROOT / "REPRODUCING.md": reproducing.page(ROOT),
        ROOT / "results/verdicts.md": verdicts.page(judged),
        ROOT / "results/verdicts.json": verdicts.as_json(judged),
        ROOT / "config/study.schema.json": study_schema(),
        running: rules.with_graph(running.read_text(encoding="utf-8"), sys.stdin.read()),
    }
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except GlossbenchError as error:
        sys.exit(f"glossbench: {error}")
