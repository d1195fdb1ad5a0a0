"""Brings the pages that are made from the repository up to date: ``python -m glossbench.pages`` (``make docs``).

Reads the output of ``snakemake --rulegraph mermaid-js --forceall`` from its standard input.
"""

import re
import sys

import networkx

from glossbench.errors import GlossbenchError
from glossbench.pages import findings, reproducing, settings_docs
from glossbench.pages.verdicts import verdicts
from glossbench.provenance import ROOT
from glossbench.settings.study_file import study_schema

GRAPH = re.compile(r"(<!-- begin rules -->\n).*?(<!-- end rules -->)", re.DOTALL)


def main() -> None:
    """Write config/README.md and its JSON schema, REPRODUCING.md, results/*/README.md, results/verdicts.*, and the
    graph in docs/running.md.

    Raises:
        SettingsError: A registry or a study is not valid.
        GlossbenchError: A page says what does not hold.
    """
    config, running = ROOT / "config/README.md", ROOT / "docs/running.md"
    pages = {
        config: settings_docs.updated(config.read_text(encoding="utf-8"), ROOT / "config"),
        ROOT / "REPRODUCING.md": reproducing.page(ROOT),
        **findings.pages(ROOT),
        **{ROOT / f"results/verdicts.{ending}": text for ending, text in verdicts(ROOT).items()},
        ROOT / "config/study.schema.json": study_schema(),
        running: with_graph(running.read_text(encoding="utf-8"), sys.stdin.read()),
    }
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")


def with_graph(page: str, printed: str) -> str:
    """A page with the graph that ``snakemake --rulegraph mermaid-js`` printed between its markers.

    Edges that follow from others are left out. GlossbenchError if nothing was printed.
    """
    names = dict(re.findall(r"^\s*(id\d+)\[(\w+)\]", printed, re.MULTILINE))
    edges = [(names[first], names[then]) for first, then in re.findall(r"(id\d+) --> (id\d+)", printed)]
    if not edges:
        raise GlossbenchError("snakemake --rulegraph printed no graph, and nothing was written")
    kept = sorted(networkx.transitive_reduction(networkx.DiGraph(edges)).edges)
    lines = [f"    {first} --> {then}" for first, then in kept]
    graph = "\n".join(["```mermaid", "flowchart LR", *lines, "```\n"])
    return GRAPH.sub(lambda match: f"{match[1]}{graph}{match[2]}", page)


if __name__ == "__main__":
    try:
        main()
    except GlossbenchError as error:
        sys.exit(f"glossbench: {error}")
