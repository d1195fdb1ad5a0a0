"""Every table, whatever part of a grid it is given: made in each format, and the same bytes each time."""

import copy
import io
import re
import shutil
import subprocess
from dataclasses import replace

import pandas as pd
import pytest
from glossbench.evidence.build import Evidence

from tests.support import markdown_tables
from tests.support.made_up import (
    corpora,
    coverage,
    epochs,
    evidence,
    keyed,
    paper_cells,
    runs,
    study_runs,
    trials,
    with_graph,
)
from tests.support.registered import TABLES, table_of

ON_RUNS = [key for key in TABLES if key not in ("corpora", "search", "search_budget", "search_bound")]
SWITCHED = ("mr", "bert-base", "gloss-o-ce+criterion=softmax")
HOSTILE = r"50%_of&a|b<i>#{x}^~\"[y]$*"


def made_from(key: str, frame: pd.DataFrame) -> Evidence:
    """Evidence of a study with these runs, each tuned in a search of its own, as far as a table reads it."""
    some = frame if len(frame) else runs({("mr", "bert-base", "ce"): [0.9]})
    count = None if len(frame) else 0
    frames = {"runs": frame, "trials": trials(some)[:count], "corpora": corpora(*dict.fromkeys(some["corpus"]))[:count]}
    frames["epochs"] = with_graph(epochs(frame, [[0.5, 0.7, 0.6]] * len(frame)))
    read = {name: frames[name] for name in frames if name in (*TABLES[key].reads, *TABLES[key].reads_if_there)}
    return evidence(coverage=coverage(frame), **read)


def made(key: str, frame: pd.DataFrame) -> dict[str, str]:
    """A table of these runs as csv, md, tex and html."""
    return made_from(key, frame).table(TABLES[key].specification(), "A caption.")


def tidy(texts: dict[str, str]) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(texts["csv"]))


@pytest.fixture(scope="module")
def grid() -> pd.DataFrame:
    return study_runs([*paper_cells(), SWITCHED], seeds=2)


@pytest.fixture(scope="module")
def part(grid) -> pd.DataFrame:
    """A part of the grid in which every table has something to show."""
    return grid[grid["corpus"].isin(["mr", "ohsumed", "sst2"]) & (grid["encoder"] != "roberta-large")]


@pytest.fixture(scope="module")
def of_part(part) -> dict[str, dict[str, str]]:
    """Every table of the part."""
    return {key: made(key, part) for key in TABLES}


ONE_RUN = {
    "switches": SWITCHED,
    "glue": ("sst2", "bert-base", "gloss-o-ce"),
    **dict.fromkeys(["standalone", "silhouette", "ttests"], ("mr", "bert-base", "gloss-o")),
}


@pytest.mark.parametrize("key", TABLES)
@pytest.mark.parametrize("given", ["whole", "one run", "holes", "nothing"])
def test_every_table_takes_any_part_of_the_grid(key, given, grid):
    one = runs({ONE_RUN.get(key, ("mr", "bert-base", "gloss-o-ce")): [0.9]})
    parts = {"whole": grid, "one run": one, "holes": grid.sample(frac=0.3, random_state=0), "nothing": grid.iloc[:0]}
    texts = made(key, parts[given])
    rows, (head, body) = markdown_tables.rows(texts["md"]), texts["html"].split("</thead>")
    assert body.count("<tr") == len(rows)
    assert head.count("<tr") in (1, 2)
    assert len({len(row) for row in rows}) <= 1
    assert "nan" not in " ".join(cell for row in rows for cell in row).lower()
    assert (len(rows) > 0) == (len(tidy(texts)) > 0)
    assert given not in ("whole", "one run") or rows


@pytest.mark.parametrize("key", TABLES)
def test_the_order_of_the_runs_changes_no_byte(key, part, of_part):
    assert made(key, part.sample(frac=1, random_state=1)) == of_part[key]


@pytest.mark.parametrize("key", [key for key in ON_RUNS if key not in ("hyperparameters", "checklist", "widths")])
def test_ablations_change_nothing_and_presets_not_the_numbers_of_the_plain_objectives(key, part, of_part):
    """Runs with a varied setting, or of a preset, are far from all others: any leak would show in a mean."""
    plain = part[part["setting"] == ""]
    varied = keyed(plain.assign(objective=plain["objective"] + ",weight=x1.5", test_accuracy=0.01, test_macro_f1=0.01))
    preset = keyed(plain.assign(objective=plain["objective"] + "@reference", preset="reference", test_accuracy=0.02))
    assert made(key, pd.concat([part, varied], ignore_index=True)) == of_part[key]
    before, both = tidy(of_part[key]), tidy(made(key, pd.concat([varied, preset, part], ignore_index=True)))
    own = both[~both["objective"].astype(str).str.contains("@")].reset_index(drop=True)
    same = [column for column in before if column != "rank"]
    pd.testing.assert_frame_equal(own[same], before[same])


def test_presets_are_competitors_of_their_own_in_the_tables_of_scores(part):
    plain = part[part["setting"] == ""]
    preset = keyed(plain.assign(objective=plain["objective"] + "@reference", preset="reference"))
    both = pd.concat([part, preset], ignore_index=True)
    for key, has_presets in {"integrated": True, "standalone": True, "silhouette": False, "glue": False}.items():
        assert tidy(made(key, both))["objective"].str.contains("@").any() == has_presets


@pytest.mark.parametrize("key", TABLES)
def test_a_selection_needs_keys_alone_and_is_the_one_that_the_table_stands_on(key, part):
    more = pd.concat([part, keyed(part.assign(objective=part["objective"] + ",sigma=1"))], ignore_index=True)
    chosen = table_of(key).select(coverage(more))
    assert len(chosen) < len(more)
    assert chosen.empty == (key not in ON_RUNS)
    if key in ON_RUNS:
        assert made(key, more.loc[chosen.index])["csv"] == made(key, more)["csv"]


@pytest.mark.parametrize("key", ON_RUNS)
def test_a_note_says_how_much_of_what_was_planned_is_finished(key, part, of_part):
    planned = coverage(part, [seed == 0 for seed in part["seed"]])
    study = made_from(key, part[part["seed"] == 0])
    study = replace(study, frames={**study.frames, "coverage": planned})
    texts = study.table(TABLES[key].specification(), "A caption.")
    chosen = table_of(key).select(planned)
    note = f"Made from {chosen['finished'].sum()} of {len(chosen)} planned runs, 1 of 2 seeds per cell."
    assert all(note in texts[ending] for ending in ("md", "tex", "html"))
    assert not any("planned runs" in text for text in of_part[key].values())


def hostile(key: str, part: pd.DataFrame) -> Evidence:
    """The part with a corpus, a machine and titles that every format must escape."""
    study = made_from(key, part.replace({"corpus": {"ohsumed": HOSTILE}}).assign(device=HOSTILE, torch_version=HOSTILE))
    names = copy.deepcopy(study.names)
    for entry in [*names["encoder"], *names["objective"]]:
        entry["title"] += HOSTILE
    return replace(study, names=names)


@pytest.mark.parametrize("key", TABLES)
def test_hostile_names_are_escaped_in_every_format(key, part):
    texts = hostile(key, part).table(TABLES[key].specification(), "A caption.")
    assert "<i>" not in texts["html"]
    assert len({len(row) for row in markdown_tables.rows(texts["md"])}) == 1
    body = texts["tex"][texts["tex"].index(r"\begin") :]
    assert "#" in body
    assert not re.search(r"(?<!\\)[%_#]", body)
    assert body.count("{") - body.count(r"\{") == body.count("}") - body.count(r"\}")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX here")
def test_latex_sets_every_table_without_an_error(part, tmp_path):
    parts = []
    for key, output in TABLES.items():
        tex = hostile(key, part).table(output.specification(), "A caption.")["tex"]
        (tmp_path / f"{key}.tex").write_text(tex, encoding="utf-8")
        floats = r"\begin{longtable}" not in tex
        parts.append(rf"\begin{{table}}\input{{{key}}}\end{{table}}\clearpage" if floats else rf"\input{{{key}}}")
    used = r"\usepackage[T1]{fontenc}\usepackage{booktabs}\usepackage{longtable}"
    lines = [r"\documentclass{article}", used, r"\begin{document}", *parts, r"\end{document}"]
    (tmp_path / "all.tex").write_text("\n".join(lines))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
