"""Tables as files: tidy csv for machines, Markdown, LaTeX and HTML for readers.

The same table gives the same bytes each time.
"""

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pandas as pd
from markupsafe import Markup, escape

from glossbench.evidence.layout import Layout

TEX_SYMBOLS = str.maketrans(
    {
        "±": r"$\pm$",
        "–": "--",
        "×": r"$\times$",
        "γ": r"$\gamma$",
        "λ": r"$\lambda$",
        "σ": r"$\sigma$",
        "τ": r"$\tau$",
        "<": "$<$",  # without these three another character would be set
        ">": "$>$",
        "|": "$|$",
    }
)
TEX_MARKS = {1: "textbf:--rwrap", 2: "underline:--rwrap"}
MARKDOWN_SPECIAL = str.maketrans({character: "\\" + character for character in "\\`*_[]<>|"})


def write_table(
    tidy: pd.DataFrame, layout: Layout, caption: str, csv: str | Path, md: str | Path, tex: str | Path
) -> None:
    """Write one table three times: the tidy frame as csv, the layout with its caption as md and tex."""
    Path(csv).write_text(to_csv(tidy), encoding="utf-8")
    Path(md).write_text(to_markdown(layout, caption), encoding="utf-8")
    Path(tex).write_text(to_latex(layout, caption), encoding="utf-8")


def to_csv(tidy: pd.DataFrame) -> str:
    """Comma-separated text with a header: real numbers with six decimals, a missing one as an empty field."""
    return tidy.to_csv(index=False, float_format="%.6f", lineterminator="\n")


def to_markdown(layout: Layout, caption: str) -> str:
    """A pipe table, the best bold and the second best underlined (``<ins>``), the caption below."""
    marks = {1: "**{}**".format, 2: "<ins>{}</ins>".format}
    frame = _marked(layout, lambda text: text.translate(MARKDOWN_SPECIAL), marks)
    frame = frame.set_axis([" ".join(filter(None, _levels(column))) for column in frame.columns], axis=1)
    alignment = ["left"] * frame.index.nlevels + ["right"] * frame.shape[1]
    table = frame.reset_index().to_markdown(index=False, tablefmt="pipe", colalign=alignment, disable_numparse=True)
    return f"{table}\n\n{caption.translate(MARKDOWN_SPECIAL)}\n"


def to_latex(layout: Layout, caption: str) -> str:
    """A booktabs ``tabular`` to be \\input into a table: best bold, second best underlined.

    The caption comes along as a comment, since the document that shows the table words its own.
    """
    cells = layout.cells
    options = {"escape": "latex", "formatter": lambda text: text.translate(TEX_SYMBOLS)}
    styler = cells.style.format(**options).format_index(**options, axis=0).format_index(**options, axis=1)
    styler = styler.apply(lambda _: layout.ranks.map(lambda rank: TEX_MARKS.get(rank, "")), axis=None)
    tabular = styler.hide(names=True, axis=0).to_latex(
        column_format="l" * cells.index.nlevels + "r" * cells.shape[1],
        hrules=True,
        multicol_align="c",
        multirow_align="naive",
    )
    lines = _with_rules(tabular.splitlines(), cells)
    return "\n".join([f"% {caption}", "% Needs \\usepackage{booktabs}.", *lines, ""])


def _with_rules(lines: list[str], cells: pd.DataFrame) -> list[str]:
    """The lines of a tabular with a rule below each column group and a space between row groups."""
    first_row = lines.index(r"\midrule") + 1
    spaced = lines[:first_row]
    groups = [_levels(header)[:-1] for header in cells.index]
    for place, line in enumerate(lines[first_row:]):
        if 0 < place < len(groups) and groups[place] != groups[place - 1]:
            spaced.append(r"\addlinespace")
        spaced.append(line)
    if cells.columns.nlevels > 1:
        start, rules = cells.index.nlevels + 1, []
        for group, members in groupby(cells.columns.get_level_values(0)):
            end = start + len(list(members)) - 1
            rules += [rf"\cmidrule(lr){{{start}-{end}}}"] if group else []
            start = end + 1
        spaced.insert(spaced.index(r"\toprule") + 2, " ".join(rules))
    return spaced


def to_html(layout: Layout) -> Markup:
    """A ``<table>``: row headers are ``<th>``, the best is ``<strong>``, the second best ``<u>``."""
    marks = {1: "<strong>{}</strong>".format, 2: "<u>{}</u>".format}
    frame = _marked(layout, lambda text: str(escape(text)), marks)
    return Markup(frame.to_html(escape=False, border=0, index_names=False, justify="unset"))


def _marked(layout: Layout, escaped: Callable[[str], str], marks: dict[int, Callable]) -> pd.DataFrame:
    """The cells with every text escaped, headers too, and the marked ones wrapped."""
    cells = layout.cells.map(escaped)
    for rank, mark in marks.items():
        cells = cells.where(layout.ranks != rank, cells.map(mark))
    return cells.set_axis(_mapped(cells.index, escaped)).set_axis(_mapped(cells.columns, escaped), axis=1)


def _mapped(headers: pd.Index, change: Callable[[str], str]) -> pd.Index:
    if isinstance(headers, pd.MultiIndex):
        texts = [tuple(change(text) for text in header) for header in headers]
        return pd.MultiIndex.from_tuples(texts, names=headers.names)
    return pd.Index([change(text) for text in headers], name=headers.name)


def _levels(header: str | tuple[str, ...]) -> tuple[str, ...]:
    return header if isinstance(header, tuple) else (header,)
