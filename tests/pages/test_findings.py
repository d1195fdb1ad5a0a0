"""The studies in results/: their pages say what their files say, and they are small and whole."""

import math
import re
import subprocess

import pandas as pd
import pytest
from glossbench.errors import GlossbenchError
from glossbench.evidence.text.numbers import rounded
from glossbench.pages.findings import Findings, pages
from glossbench.pages.verdicts import judgement
from scipy import stats

from tests.support import markdown_tables
from tests.support.registered import CLAIMS, REGISTRIES, ROOT

EVIDENCE = ROOT / "results" / "cpu"
PAGES = [ROOT / "README.md", EVIDENCE / "README.md"]
CPU = Findings(EVIDENCE, REGISTRIES)
OBJECTIVES = {entry.title: key for key, entry in REGISTRIES.objectives.items()}


def key_of(title):
    name, reference = re.fullmatch(r"(.*?)( \(reference\))?", title).groups()
    return OBJECTIVES[name] + ("@reference" if reference else "")


def scores_in(text):
    """Rows of the tables whose first column is the objective, as mappings from the head's names."""
    for head, *rows in markdown_tables.tables(text):
        if head[0] in ("Integrated", "Standalone"):
            yield from (dict(zip(["objective", *head[1:]], row, strict=True), protocol=head[0]) for row in rows)


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.parent.name)
def test_scores_are_those_of_the_tables(file):
    rows = [*scores_in(file.read_text(encoding="utf-8"))]
    assert rows
    for protocol in {row["protocol"] for row in rows}:
        shown = [row for row in rows if row["protocol"] == protocol]
        frame = pd.read_csv(EVIDENCE / "tables" / f"{protocol.lower()}.csv")
        keys = [key_of(row["objective"]) for row in shown]
        frame = frame[(frame["metric"] == "accuracy") & frame["objective"].isin(keys)]
        means = frame.pivot_table("mean", "objective", "corpus")[list(CPU.corpora)]
        spreads = frame.pivot_table("std", "objective", "corpus")
        for row in shown:
            key = key_of(row["objective"])
            assert {*row} - {"objective", "protocol", "Mean"} == {*CPU.corpora.values()}
            for corpus, title in CPU.corpora.items():
                text = f"{rounded(means.loc[key, corpus], 1)} ± {rounded(spreads.loc[key, corpus], 1)}"
                best = means.loc[key, corpus] == means[corpus].max()
                assert row[title] == (f"**{text}**" if best else text), (title, key)
            assert row.get("Mean", "") in ("", f"{rounded(means.loc[key].mean(), 2):.2f}")


def test_each_page_is_what_its_template_makes_of_the_files():
    made = pages(ROOT)
    assert [path.parent.name for path in made] == ["cpu", "cpu-ablations", "cpu-base", "cpu-whole"]
    assert {path: path.read_text(encoding="utf-8") for path in made} == made, "run make docs"


def test_a_page_that_says_what_does_not_hold_is_not_made(tmp_path):
    (tmp_path / "config").symlink_to(ROOT / "config")
    (tmp_path / "results/cpu").mkdir(parents=True)
    template = tmp_path / "results/cpu/README.md.j2"
    template.write_text('CE is {{ holds(2 > 1, "ahead") }}')
    assert list(pages(tmp_path).values()) == ["CE is ahead"]
    template.write_text('CE is {{ holds(1 > 2, "ahead") }}')
    with pytest.raises(GlossbenchError, match=r"README\.md\.j2: ahead: it does not hold"):
        pages(tmp_path)


def trials_of(objective):
    return CPU.frame("trials").query("corpus == 'mr' & objective == @objective").to_dict("records")


def test_objectives_are_compared_over_the_trials_of_one_learning_rate():
    rates = {trial["learning_rate"]: trial["test_accuracy"] for trial in trials_of("ce")}
    for where, least in (("", 0.0), ("sigma >= 0.6", 0.6)):
        ahead = [
            (trial["test_accuracy"] - rates[trial["learning_rate"]])
            for trial in trials_of("gloss-o-ce")
            if trial["learning_rate"] in rates and not trial["start"] and trial["sigma"] >= least
        ]
        found, interval = CPU.over_shared_trials("gloss-o-ce", "mr", where), stats.ttest_1samp(ahead, 0)
        assert found["difference"] == pytest.approx(sum(ahead) / len(ahead))
        assert (found["low"], found["high"]) == pytest.approx(tuple(interval.confidence_interval()))
    assert len(ahead) < 38  # of 40, two have settings of the authors


def test_validation_is_set_against_test_over_the_trials_of_a_search():
    for least in (0.0, 3e-4):
        own = [trial for trial in trials_of("scl") if trial["learning_rate"] >= least]
        scores = [[trial[name] for trial in own] for name in ("value", "test_accuracy")]
        assert CPU.agreement("scl", "mr", least) == pytest.approx(stats.spearmanr(*scores).statistic)


def test_objectives_are_compared_on_the_seeds_of_both():
    runs = CPU.frame("runs").query("corpus == 'mr'").set_index(["objective", "seed"])["test_accuracy"]
    found, seeds = CPU.over("ce", "rdrop-ce", "mr"), range(5)
    test = stats.ttest_rel(*(runs[key].loc[list(seeds)] for key in ("rdrop-ce", "ce")))
    assert found["n"] == len(seeds)
    assert (found["low"], found["high"]) == pytest.approx(tuple(test.confidence_interval()))
    assert found["difference"] == pytest.approx(runs["rdrop-ce"].mean() - runs["ce"].loc[list(seeds)].mean())
    low, high = test.confidence_interval()
    for side, clear in (("ahead", low > 0), ("behind", high < 0)):
        assert CPU.clearly(side, "ce", ["rdrop-ce"]).startswith("R-Drop + CE on MR") == clear
    assert "R-Drop" not in CPU.scores("integrated", 10)


def test_the_leader_of_a_corpus_has_its_highest_mean():
    runs = CPU.frame("runs").query("objective in ['scl', 'gloss-o', 'gloss-k']")
    means = runs.groupby(["corpus", "objective"])["test_accuracy"].mean()
    said, order = CPU.leaders(["scl", "gloss-o", "gloss-k"]), means.unstack().loc[list(CPU.corpora)].mean()
    shown = [f"{CPU.title(key)} {rounded(100 * order[key], 2):.2f}" for key in order.sort_values().index[::-1]]
    assert CPU.order(["scl", "gloss-o", "gloss-k"]) == ", ".join(shown)
    ahead = means.unstack().loc[list(CPU.corpora)]
    test = stats.ttest_rel(ahead["gloss-k"], ahead["scl"]).confidence_interval()
    assert CPU.over_corpora("scl", "gloss-k")[["low", "high", "n"]].to_list() == pytest.approx([*test, len(ahead)])
    for corpus, title in CPU.corpora.items():
        leader = CPU.title(means[corpus].idxmax())
        assert re.search(rf"{leader} on (?:\w+, |\w+ and )*{title}\b", said)


def test_what_a_verdict_inherits_from_its_searches_and_limits():
    trials = pd.read_parquet(EVIDENCE / "trials.parquet").query("corpus == 'mr' & state == 'complete'")
    best = 100 * trials.groupby("objective")["test_accuracy"].max()
    assert CPU.bounds("gloss-o-ce")["mr"] == pytest.approx(best["gloss-o-ce"] - best["ce"])
    scores = trials.query("objective == 'scl'")["value"].sort_values().to_numpy()
    # the largest of 20 drawn without putting back: its mean by the ranks (hypergeometric)
    chances = [math.comb(rank, 19) / math.comb(40, 20) for rank in range(40)]
    expected = scores[-1] - (scores * chances).sum()
    assert CPU.still_rising("scl", "val_macro_silhouette")["mr"] == pytest.approx(expected, rel=1e-6)
    limits = CPU.frame("runs").query("objective == 'scl' & corpus in @CPU.corpora")["stop_epoch"] == 200
    assert CPU.at_the_limit("scl") == (limits.sum(), len(limits))
    chosen, used = CPU.chosen("scl", "learning_rate"), CPU.frame("runs").query("objective == 'scl'")
    used = used[used["corpus"].isin(CPU.corpora)].groupby("corpus")["learning_rate"].first()
    assert chosen.to_dict() == used.to_dict()
    means = CPU.frame("runs").groupby(["corpus", "objective"])["test_accuracy"].mean().unstack()
    ahead = means["gloss-o-ce"] - means[["ce", "scl-ce"]].max(axis=1)
    assert CPU.ahead("C1").to_dict() == pytest.approx({corpus: ahead[corpus] for corpus in CPU.corpora})


def test_a_corpus_is_finished_where_all_planned_runs_are():
    planned = CPU.frame("coverage")
    assert set(CPU.corpora) == set(planned["corpus"]) - set(planned.loc[~planned["finished"], "corpus"])


def test_readme_has_the_verdict_of_each_claim_and_the_study_that_judged_it():
    rows = markdown_tables.rows(PAGES[0].read_text(encoding="utf-8"))
    studies = {key: claim.judged_in for key, claim in CLAIMS.items()}
    judged = {key: judgement(ROOT, key, claim) for key, claim in CLAIMS.items()}
    links = {study: f"[{study}](results/{study}/claims.md)" for study in studies.values()}
    links |= {study: study for study in links if not (ROOT / f"results/{study}").is_dir()}  # not run yet
    assert [[row[0].split()[0], *row[1:]] for row in rows if re.match(r"[CN]\d+ ", row[0])] == [
        [key, claim["verdict"], links[studies[key]]] for key, claim in judged.items()
    ]


def test_the_page_has_the_verdict_and_the_interval_of_each_claim_and_the_study_that_judged_it():
    rows = markdown_tables.rows(PAGES[1].read_text(encoding="utf-8"))
    said = {row[0].split()[0]: row[1:] for row in rows if re.match(r"[CN]\d+ ", row[0])}
    assert list(said) == list(CLAIMS)
    for key, (verdict, value, interval, *_, study) in said.items():
        found = judgement(ROOT, key, CLAIMS[key])
        assert verdict == found["verdict"]
        if verdict != "not tested":
            texts = [found[name].replace("-", "−") for name in ("value_text", "interval_text")]
            assert [value, interval, study] == [*texts, CLAIMS[key].judged_in]


def test_it_is_small():
    files = subprocess.run(["git", "ls-files", "-z", "results"], cwd=ROOT, capture_output=True, check=True, text=True)
    assert sum((ROOT / name).stat().st_size for name in files.stdout.split("\0")[:-1]) < 10 * 2**20
