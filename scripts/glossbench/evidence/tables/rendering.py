"""Renders tables: tidy frames as csv, layouts as Markdown, LaTeX and HTML. The results are deterministic."""

from collections.abc import Callable
from itertools import groupby

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
        "±": r"$\pm$",
        "–": "--",
        "×": r"$\times$",
        "γ": r"$\gamma$",
        "λ": r"$\lambda$",
        "σ": r"$\sigma$",
        "τ": r"$\tau$",
        "α": r"$\alpha$",
        "−": "$-$",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
        "†": r"\textdagger{}",
        "<": "$<$",  # in text mode <, > and | give other characters
        ">": "$>$",
        "|": "$|$",
        '"': "''",
        "[": "{[}",  # after the \\ of the previous row, [ and * would be read as its arguments
        "*": "{*}",
    }
)
TEX_MARKS = {1: r"\textbf{{{}}}".format, 2: r"\underline{{{}}}".format}
MARKDOWN_MARKS = {1: "**{}**".format, 2: "<ins>{}</ins>".format}
HTML_MARKS = {1: "<strong>{}</strong>".format, 2: "<u>{}</u>".format}
ROWS_OF_A_PAGE = 45
WORDS_ON_A_LINE = 34


def to_csv(tidy: pd.DataFrame) -> str:
    """A frame as csv with a header. Numbers have all their digits; missing values are empty fields."""
    return tidy.to_csv(index=False, lineterminator="\n")


def to_markdown(layout: Layout, caption: str) -> str:
    """A Markdown table, with the best cells bold and the second best underlined (``<ins>``), the caption and notes."""
    frame = _marked(layout, escaped, MARKDOWN_MARKS)
    frame = frame.set_axis([" ".join(filter(None, _levels(column))) for column in frame.columns], axis=1)
    words = [column in layout.worded for column in layout.cells.columns]
    right = [False] * frame.index.nlevels + [not worded for worded in words]
    rows = [[*_levels(header), *cells] for header, cells in zip(frame.index, frame.to_numpy(), strict=True)]
    headers = [*(name or "" for name in frame.index.names), *frame.columns]
    paragraphs = [pipe_table(headers, rows, right), *map(escaped, (caption, *layout.notes))]
    return "\n\n".join(paragraphs) + "\n"


def to_latex(layout: Layout, caption: str) -> str:
    """A LaTeX table for ``\\input``, with the best cells bold, the second best underlined, and the notes in small type.

    The table is a ``tabular`` in the style of booktabs. A table longer than a page is a ``longtable``, which must not
    be inside a float. The caption is a comment, so that a document can use its own.
    """
    marked = _marked(layout, _to_latex, TEX_MARKS)
    header, body = _tex_header(marked, layout), _tex_body(marked, layout.lined)
    columns = "".join(["l" * marked.index.nlevels, *_tex_columns(layout)])
    if len(marked) > ROWS_OF_A_PAGE:
        package, inside = "{booktabs} and \\usepackage{longtable}, outside of any float", "longtable"
        header = [*header, r"\endhead"]
    else:
        package, inside = "{booktabs}", "tabular"
    notes = [rf"\par\medskip{{\footnotesize {_to_latex(note)}\par}}" for note in layout.notes]
    lines = [
        f"% {one_line(caption)}",
        f"% Needs \\usepackage{package}.",
        rf"\begin{{{inside}}}{{{columns}}}",
        *header,
        *body,
        r"\bottomrule",
        rf"\end{{{inside}}}",
        *notes,
    ]
    return "\n".join(lines) + "\n"


def _to_latex(text: str) -> str:
    return one_line(text).translate(TEX_SPECIAL)


def _tex_columns(layout: Layout) -> list[str]:
    """Column types: numbers are aligned right, words left; long texts are paragraphs."""
    letters = []
    for place, column in enumerate(layout.cells.columns):
        longest = layout.cells.iloc[:, place].map(len).max() if len(layout.cells) else 0
        worded = "p{0.3\\linewidth}" if longest > WORDS_ON_A_LINE else "l"
        letters.append(worded if column in layout.worded else "r")
    return letters


def _tex_header(marked: pd.DataFrame, layout: Layout) -> list[str]:
    names = [name or "" for name in marked.index.names]
    if marked.columns.nlevels == 1:
        return [r"\toprule", _tex_row([*names, *marked.columns]), r"\midrule"]
    start, groups, rules = len(names) + 1, [], []
    for group, members in groupby(marked.columns.get_level_values(0)):
        width = len(list(members))
        groups.append(rf"\multicolumn{{{width}}}{{c}}{{{group}}}" if width > 1 else group)
        rules += [rf"\cmidrule(lr){{{start}-{start + width - 1}}}"] if group else []
        start += width
    below = _tex_row([*names, *marked.columns.get_level_values(1)])
    return [r"\toprule", _tex_row([""] * len(names) + groups), " ".join(rules), below, r"\midrule"]


def _tex_body(marked: pd.DataFrame, lined: frozenset[int]) -> list[str]:
    """The rows. A row header that several consecutive rows share is printed once; groups are separated by space."""
    lines, above = [], None
    for position, (header, cells) in enumerate(zip(marked.index, marked.to_numpy(), strict=True)):
        levels = _levels(header)
        if position in lined:
            lines.append(r"\midrule")
        elif above is not None and _group(levels) != _group(above):
            lines.append(r"\addlinespace")
        shared = _shared(levels, above)
        lines.append(_tex_row([*("" if place < shared else text for place, text in enumerate(levels)), *cells]))
        above = levels
    return lines


def _group(levels: tuple[str, ...]) -> tuple[str, ...]:
    """The outer levels of a row header that define its group: at most two, and never all levels."""
    return levels[: min(2, len(levels) - 1)]


def _shared(levels: tuple[str, ...], above: tuple[str, ...] | None) -> int:
    """Number of outer levels that a row header shares with the previous one, never all of them."""
    if above is None:
        return 0
    same = 0
    while same < len(levels) - 1 and levels[same] == above[same]:
        same += 1
    return same


def _tex_row(texts: list[str]) -> str:
    return " & ".join(texts) + r" \\"


def to_html(layout: Layout) -> Markup:
    """An HTML table and its notes, with the best cells ``<strong>`` and the second best ``<u>``."""
    frame = _marked(layout, lambda text: str(escape(text)), HTML_MARKS)
    for position, column in enumerate(layout.cells.columns):
        if column in layout.worded:
            frame.isetitem(position, frame.iloc[:, position].map('<span class="worded">{}</span>'.format))
    table = _with_lines(frame.to_html(escape=False, border=0, index_names=False, justify="unset"), layout.lined)
    notes = "".join(f"\n<p>{escape(note)}</p>" for note in layout.notes)
    return Markup(table + (f'\n<div class="notes">{notes}\n</div>' if notes else ""))


def _with_lines(table: str, lined: frozenset[int]) -> str:
    """The HTML table with the class "lined" on these rows of its body; in escaped texts there is no <tr>."""
    head, body, rows = table.partition("<tbody>")
    first, *others = rows.split("<tr>")
    tags = ('<tr class="lined">' if position in lined else "<tr>" for position in range(len(others)))
    return head + body + first + "".join(tag + row for tag, row in zip(tags, others, strict=True))


def _marked(layout: Layout, escaped: Callable[[str], str], marks: dict[int, Callable]) -> pd.DataFrame:
    """The cells and headers with all text escaped, and the cells with a rank marked."""
    ranks = layout.ranks.to_numpy()
    texts = [
        [marks.get(rank, str)(escaped(text)) for text, rank in zip(row, places, strict=True)]
        for row, places in zip(layout.cells.to_numpy(), ranks, strict=True)
    ]
    index, columns = layout.cells.index, layout.cells.columns
    return pd.DataFrame(texts, index=_mapped(index, escaped), columns=_mapped(columns, escaped), dtype=object)


def _mapped(headers: pd.Index, change: Callable[[str], str]) -> pd.Index:
    if isinstance(headers, pd.MultiIndex):
        texts = [tuple(change(text) for text in header) for header in headers]
        names = headers.names if any(headers.names) else [None] * headers.nlevels
        if not texts:
            return pd.MultiIndex.from_arrays([[]] * headers.nlevels, names=names)
        return pd.MultiIndex.from_tuples(texts, names=names)
    return pd.Index([change(text) for text in headers], name=headers.name, dtype=object)


def _levels(header: str | tuple[str, ...]) -> tuple[str, ...]:
    return header if isinstance(header, tuple) else (header,)
