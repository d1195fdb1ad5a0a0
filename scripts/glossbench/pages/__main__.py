"""Brings the pages that are made from the repository up to date: ``python -m glossbench.pages`` (``make docs``).

Reads the output of ``snakemake --rulegraph mermaid-js --forceall`` from its standard input.
"""

import sys
from pathlib import Path

from glossbench.errors import GlossbenchError
from glossbench.pages import reproducing, rules, settings
from glossbench.settings.file import study_schema

ROOT = Path(__file__).parents[3]


def main() -> None:
    """Write config/README.md, config/study.schema.json, REPRODUCING.md and the graph of the rules in docs/running.md.

    Raises:
        SettingsError: A registry or a study is not valid.
    """
    config, running = ROOT / "config/README.md", ROOT / "docs/running.md"
    pages = {
        config: settings.updated(config.read_text(encoding="utf-8"), ROOT / "config"),
        ROOT / "REPRODUCING.md": reproducing.page(ROOT),
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
