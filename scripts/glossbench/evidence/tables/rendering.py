"""Renders tables: tidy frames as csv, layouts as Markdown, LaTeX and HTML. The results are deterministic."""

from collections.abc import Callable
from itertools import groupby, takewhile

import pandas as pd
from markupsafe import Markup, escape

from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.text.markdown import escaped, one_line, pipe_table

TEX_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: "\\" + character for character in "&%$#_{}"},
        **{"γ": r"$\gamma$", "λ": r"$\lambda$", "σ": r"$\sigma$", "τ": r"$\tau$", "α": r"$\alpha$"},
        **{"±": r"$\pm$", "×": r"$\times$", "−": "$-$", "≤": r"$\leq$", "≥": r"$\geq$"},
        **{"–": "--", "†": r"\textdagger{}", '"': "''"},
        **{character: f"${character}$" for character in "<>|"},  # in text mode they give other characters
        **{character: f"{{{character}}}" for character in "[*"},  # after the \\ of a row they would be its arguments
    }
)
TEX_MARKS = {1: r"\textbf{{{}}}", 2: r"\underline{{{}}}"}
MARKDOWN_MARKS = {1: "**{}**", 2: "<ins>{}</ins>"}
HTML_MARKS = {1: "<strong>{}</strong>", 2: "<u>{}</u>"}
ROWS_OF_A_PAGE = 45
WORDS_ON_A_LINE = 34


def to_csv(tidy: pd.DataFrame) -> str:
    """A frame as csv with a header. Numbers have all their digits; missing values are empty fields."""
    return tidy.to_csv(index=False, lineterminator="\n")


def to_markdown(layout: Layout, caption: str) -> str:
    """A Markdown table, with the best cells bold and the second best underlined (``<ins>``), the caption and notes."""
    frame = _marked(layout, escaped, MARKDOWN_MARKS)
    headers = [*_titles(frame), *(" ".join(filter(None, _levels(column))) for column in frame)]
    right = [False] * frame.index.nlevels + [not words for words in _worded(layout)]
    paragraphs = [pipe_table(headers, _rows(frame), right), *map(escaped, (caption, *layout.notes))]
    return "\n\n".join(paragraphs) + "\n"


def to_latex(layout: Layout, caption: str) -> str:
    """A LaTeX table for ``\\input``, with the best cells bold, the second best underlined, and the notes in small type.

    The table is a ``tabular`` in the style of booktabs. A table longer than a page is a ``longtable``, which must not
    be inside a float. The caption is a comment, so that a document can use its own.
    """
    frame, kind, packages, head = _marked(layout, _to_latex, TEX_MARKS), "tabular", "{booktabs}", []
    if len(frame) > ROWS_OF_A_PAGE:
        kind, head = "longtable", [r"\endhead"]
        packages = "{booktabs} and \\usepackage{longtable}, outside of any float"
    lines = [
        f"% {one_line(caption)}",
        f"% Needs \\usepackage{packages}.",
        rf"\begin{{{kind}}}{{{'l' * frame.index.nlevels}{_tex_columns(layout)}}}",
        r"\toprule",
        *_tex_groups(frame),
        _tex_row([*_titles(frame), *frame.columns.get_level_values(-1)]),
        r"\midrule",
        *head,
        *_tex_body(frame, layout.lined),
        r"\bottomrule",
        rf"\end{{{kind}}}",
        *(rf"\par\medskip{{\footnotesize {_to_latex(note)}\par}}" for note in layout.notes),
    ]
    return "\n".join(lines) + "\n"


def _to_latex(text: str) -> str:
    return one_line(text).translate(TEX_SPECIAL)


def _tex_columns(layout: Layout) -> str:
    """Column types: numbers are aligned right, words left; long texts are paragraphs."""
    longest = layout.cells.map(len).max()
    worded = ["p{0.3\\linewidth}" if length > WORDS_ON_A_LINE else "l" for length in longest]
    return "".join(letter if words else "r" for letter, words in zip(worded, _worded(layout), strict=True))


def _tex_groups(frame: pd.DataFrame) -> list[str]:
    """The upper of two rows of column headers, and the rules below its groups."""
    if frame.columns.nlevels == 1:
        return []
    groups, rules, start = [""] * frame.index.nlevels, [], frame.index.nlevels + 1
    for group, members in groupby(frame.columns.get_level_values(0)):
        width = len(list(members))
        groups.append(rf"\multicolumn{{{width}}}{{c}}{{{group}}}" if width > 1 else group)
        rules += [rf"\cmidrule(lr){{{start}-{start + width - 1}}}"] if group else []
        start += width
    return [_tex_row(groups), " ".join(rules)]


def _tex_body(frame: pd.DataFrame, lined: frozenset[int]) -> list[str]:
    """The rows. A row header that several consecutive rows share is printed once; groups are separated by space."""
    lines, above, inner = [], None, frame.index.nlevels - 1
    for position, row in enumerate(_rows(frame)):
        shared = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(row[:inner], above or (), strict=False))))
        if position in lined:
            lines.append(r"\midrule")
        elif above and shared < min(2, inner):
            lines.append(r"\addlinespace")
        lines.append(_tex_row([*[""] * shared, *row[shared:]]))
        above = row
    return lines


def _tex_row(texts: list[str]) -> str:
    return " & ".join(texts) + r" \\"


def to_html(layout: Layout) -> Markup:
    """An HTML table and its notes, with the best cells ``<strong>`` and the second best ``<u>``."""
    frame = _marked(layout, lambda text: str(escape(text)), HTML_MARKS)
    frame.loc[:, _worded(layout)] = frame.loc[:, _worded(layout)].map('<span class="worded">{}</span>'.format)
    table = frame.to_html(escape=False, border=0, index_names=False, justify="unset")
    head, *rows = table.split("<tr>")  # in escaped texts there is no <tr>
    above = len(rows) - len(frame)
    tags = ('<tr class="lined">' if place - above in layout.lined else "<tr>" for place in range(len(rows)))
    notes = "".join(f"\n<p>{escape(note)}</p>" for note in layout.notes)
    table = head + "".join(tag + row for tag, row in zip(tags, rows, strict=True))
    return Markup(table + (f'\n<div class="notes">{notes}\n</div>' if notes else ""))


def _marked(layout: Layout, escape_text: Callable[[str], str], marks: dict[int, str]) -> pd.DataFrame:
    """The cells and headers with all text escaped, and the cells with a rank marked."""
    texts = layout.cells.map(escape_text)
    for rank, mark in marks.items():
        texts = texts.mask(layout.ranks.to_numpy() == rank, texts.map(mark.format))
    return texts.rename(index=escape_text, columns=escape_text)


def _worded(layout: Layout) -> list[bool]:
    return [column in layout.worded for column in layout.cells]


def _titles(frame: pd.DataFrame) -> list[str]:
    return [name or "" for name in frame.index.names]


def _rows(frame: pd.DataFrame) -> list[list[str]]:
    """The rows, with their headers."""
    return [[*_levels(header), *cells] for header, cells in zip(frame.index, frame.to_numpy(), strict=True)]


def _levels(header: str | tuple[str, ...]) -> tuple[str, ...]:
    return header if isinstance(header, tuple) else (header,)
