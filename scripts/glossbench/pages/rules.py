"""The graph of the rules in docs/running.md: Snakemake's own, as Mermaid, without edges that follow from others."""

import re

BLOCK = re.compile(r"(<!-- begin rules -->\n).*?(<!-- end rules -->)", re.DOTALL)


def with_graph(page: str, printed: str) -> str:
    """A page with the graph between its markers.

    Args:
        page: The page.
        printed: What ``snakemake --rulegraph mermaid-js`` prints.
    """
    names = dict(re.findall(r"^\s*(id\d+)\[(\w+)\]", printed, re.MULTILINE))
    edges = {(names[first], names[then]) for first, then in re.findall(r"(id\d+) --> (id\d+)", printed)}
    lines = [f"    {first} --> {then}" for first, then in sorted(_reduced(edges))]
    graph = "\n".join(["```mermaid", "flowchart LR", *lines, "```\n"])
    return BLOCK.sub(lambda match: f"{match[1]}{graph}{match[2]}", page)


def _reduced(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The edges of an acyclic graph that no longer way replaces."""
    after: dict[str, set[str]] = {}
    for first, then in edges:
        after.setdefault(first, set()).add(then)

    def reached(name: str) -> set[str]:
        return after.get(name, set()).union(*map(reached, after.get(name, ())))

    return {
        (first, then) for first, then in edges if not any(then in reached(other) for other in after[first] - {then})
    }
