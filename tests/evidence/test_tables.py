"""Every table, whatever part of a grid it is given: laid out, written in each format, and the same bytes each time."""

import importlib
import re
import shutil
import subprocess
from pathlib import Path

import evidence_frames as frames
import pandas as pd
import pytest
from glossbench.evidence.paper import published
from glossbench.evidence.report import costs
from glossbench.evidence.tables import corpora
from glossbench.evidence.text import names, rendering

PUBLISHED = Path(__file__).parents[2] / "config" / "published"
TABLES = [
    "corpora", "integrated", "standalone", "silhouette", "models", "glue", "hyperparameters", "search", "ttests",
    "comparison", "checklist",
]  # fmt: skip
ON_RUNS = [name for name in TABLES if name not in ("corpora", "search")]
HOSTILE = r"50%_of&a|b<i>#{x}^~\"[y]$*"
MINILM = "minilm-l6"


def module(name: str):
    return importlib.import_module(f"glossbench.evidence.tables.{name}")


def inputs(name: str, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The frames that a table reads, around these runs."""
    theirs = {
        "models": published.published_models,
        "ttests": published.published_ttests,
        "comparison": published.published_results,
    }
    read = {"runs": frame}
    if name in theirs:
        read["published"] = theirs[name](PUBLISHED)
    if name == "checklist":
        read["trials"] = trials(frame)
    elif name == "search":
        read = {"trials": trials(frame)}
    elif name == "corpora":
        prepared = frames.corpora("mr", *dict.fromkeys(frame["corpus"]))
        read = {"corpora": prepared[prepared["corpus"].isin(frame["corpus"])].drop_duplicates("corpus")}
    return read


def trials(frame: pd.DataFrame) -> pd.DataFrame:
    """Trials for each search behind these runs, of the same columns where there are none."""
    some = frames.trials(frames.runs({("mr", "bert-base", "ce"): [0.9]}))
    return frames.trials(frame) if len(frame) else some.iloc[:0]


def made(name: str, frame: pd.DataFrame):
    """A table of these runs and its layout, as the doorway makes them."""
    table = module(name).tidy(**inputs(name, frame))
    return table, module(name).layout(table).with_notes(*module(name).NOTES)


def written(name: str, frame: pd.DataFrame, folder: Path) -> dict[str, str]:
    table, layout = made(name, frame)
    paths = {ending: folder / f"{name}.{ending}" for ending in ("csv", "md", "tex")}
    rendering.write_table(table, layout, "A caption", **paths)
    return {ending: path.read_text() for ending, path in paths.items()} | {"html": str(rendering.to_html(layout))}


@pytest.fixture(scope="module")
def grid() -> pd.DataFrame:
    return frames.paper_grid(seeds=2)


@pytest.fixture(scope="module")
def part(grid) -> pd.DataFrame:
    """A part of the grid in which every table has something to show."""
    return grid[grid["corpus"].isin(["mr", "ohsumed", "sst2"]) & (grid["encoder"] != "roberta-large")]


ONE_RUN = {
    "glue": ("sst2", "bert-base", "gloss-o-ce"),
    **dict.fromkeys(["standalone", "silhouette", "ttests"], ("mr", "bert-base", "gloss-o")),
}
HOLES = frames.paper_grid(seeds=2).sample(frac=0.3, random_state=0)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("given", ["whole", "one run", "holes", "nothing"])
def test_every_table_takes_any_part_of_the_grid(name, given, grid, tmp_path):
    one = frames.runs({ONE_RUN.get(name, ("mr", "bert-base", "gloss-o-ce")): [0.9]})
    frame = {"whole": grid, "one run": one, "holes": HOLES, "nothing": grid.iloc[:0]}[given]
    table, layout = made(name, frame)
    assert layout.cells.shape == layout.ranks.shape
    assert layout.cells.map(lambda text: isinstance(text, str)).to_numpy().all()
    assert set(layout.ranks.to_numpy().ravel()) <= {0, 1, 2}
    assert "nan" not in "".join(layout.cells.to_numpy().ravel().tolist()).lower()
    texts = written(name, frame, tmp_path)
    assert list(pd.read_csv(tmp_path / f"{name}.csv")) == list(table)
    assert texts["html"].count("<tr") == len(layout.cells) + layout.cells.columns.nlevels


@pytest.mark.parametrize("name", TABLES)
def test_the_order_of_the_runs_changes_no_byte(name, part, tmp_path):
    shuffled = part.sample(frac=1, random_state=1)
    assert written(name, part, tmp_path) == written(name, shuffled, tmp_path)


@pytest.mark.parametrize("name", [name for name in ON_RUNS if name not in ("hyperparameters", "checklist")])
def test_ablations_change_nothing_and_presets_not_the_numbers_of_the_plain_objectives(name, part):
    """Runs with a varied setting, or of a preset, are far from all others: any leak would show in a mean."""
    varied = part.assign(objective=part["objective"] + ",weight=x1.5", test_accuracy=0.01, test_macro_f1=0.01)
    preset = part.assign(objective=part["objective"] + "@reference", preset="reference", test_accuracy=0.02)
    plain, _ = made(name, part)
    with_ablations, _ = made(name, pd.concat([part, varied], ignore_index=True))
    pd.testing.assert_frame_equal(with_ablations, plain)
    both, _ = made(name, pd.concat([varied, preset, part], ignore_index=True))
    own = both[~both["objective"].astype(str).str.contains("@")].reset_index(drop=True)
    same = [column for column in plain if column != "rank"]
    pd.testing.assert_frame_equal(own[same], plain[same])


def test_presets_are_competitors_of_their_own_in_the_tables_of_scores(part):
    preset = part.assign(objective=part["objective"] + "@reference", preset="reference")
    both = pd.concat([part, preset], ignore_index=True)
    for name, has_presets in {"integrated": True, "standalone": True, "silhouette": False, "glue": False}.items():
        table, _ = made(name, both)
        assert table["objective"].str.contains("@").any() == has_presets


@pytest.mark.parametrize("name", ON_RUNS)
def test_a_selection_needs_keys_alone_and_is_the_one_that_the_table_stands_on(name, part):
    more = pd.concat([part, part.assign(objective=part["objective"] + ",sigma=1")], ignore_index=True)
    keys = frames.coverage(more)
    chosen = module(name).select(keys)
    assert 0 < len(chosen) < len(more)
    given = more.loc[chosen.index]
    pd.testing.assert_frame_equal(made(name, given)[0], made(name, more)[0])


@pytest.mark.parametrize("name", ["corpora", "search"])
def test_tables_that_stand_on_no_run_select_none(name, part):
    assert module(name).select(frames.coverage(part)).empty


@pytest.mark.parametrize("name", TABLES)
def test_hostile_names_are_escaped_in_every_format(name, part, tmp_path):
    hostile = part.replace({"encoder": {"bert-base": HOSTILE}, "corpus": {"ohsumed": HOSTILE}})
    hostile = hostile.assign(device=HOSTILE, torch_version=HOSTILE)
    texts = written(name, hostile, tmp_path)
    assert "<i>" not in texts["html"]
    rows = [line for line in texts["md"].splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    body = texts["tex"][texts["tex"].index(r"\begin") :]
    assert "#" in body or name in ("silhouette", "glue", "models", "ttests")
    assert not re.search(r"(?<!\\)[%_#]", body)
    assert body.count("{") - body.count(r"\{") == body.count("}") - body.count(r"\}")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX here")
def test_latex_sets_every_table_without_an_error(part, tmp_path):
    hostile = part.replace({"encoder": {"distilbert": HOSTILE}, "corpus": {"ohsumed": HOSTILE}}).assign(device=HOSTILE)
    parts = []
    for name in TABLES:
        tex = written(name, hostile, tmp_path)["tex"]
        floats = r"\begin{longtable}" not in tex
        parts.append(rf"\begin{{table}}\input{{{name}}}\end{{table}}\clearpage" if floats else rf"\input{{{name}}}")
    used = r"\usepackage[T1]{fontenc}\usepackage{booktabs}\usepackage{longtable}"
    lines = [r"\documentclass{article}", used, r"\begin{document}", *parts, r"\end{document}"]
    (tmp_path / "all.tex").write_text("\n".join(lines))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_a_caption(name):
    text = (Path(__file__).parents[2] / "report" / f"{name}.rst").read_text(encoding="utf-8")
    assert 60 < len(" ".join(text.split())) < 900


def test_corpora_table_counts_documents_and_what_the_audit_found():
    table = corpora.tidy(frames.corpora("r8", "mr"))
    assert table["corpus"].to_list() == ["mr", "r8"]
    cells = corpora.layout(table).cells
    assert cells.loc["R8"].to_list() == ["1,234", "800", "34", "400", "2", "0", "3", "2", "1"]


def test_costs_are_summed_over_runs_and_the_slowest_is_named():
    frame = frames.runs({("mr", MINILM, "ce"): [0.9, 0.9], ("mr", MINILM, "scl"): [0.8]})
    frame["total_seconds"] = [3600.0, 60.0, 12.34]
    frame["stop_epoch"] = [2, 3, 5]
    cells = costs.cost(frame).cells
    assert cells.loc[("MiniLM-L6", "CE"), ["Runs", "Total time", "Mean last epoch"]].to_list() == [
        "2",
        "1 h 01 min",
        "2.5",
    ]
    assert cells.loc[("MiniLM-L6", "SCL"), "Total time"] == "12.3 s"
    assert costs.summary(frame)["Slowest run"] == "1 h 00 min (CE on MR with MiniLM-L6, seed 0)"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("gloss-o-ce", "G-Loss-O + CE"),
        ("gloss-o-ce@reference", "G-Loss-O + CE (reference)"),
        ("gloss-o-ce,labeled_fraction=0.3", "G-Loss-O + CE (γ = 0.3)"),
        ("scl@reference,temperature=0.1,batch_size=64", "SCL (reference, τ = 0.1, batch size = 64)"),
        ("my-loss", "my-loss"),
    ],
)
def test_objectives_have_readable_names(key, name):
    assert names.objective_name(key) == name
