"""The studies in results/: their pages say what their files say, and they are small and whole."""

import itertools
import math
import re
import shutil
import subprocess

import markdown_tables
import pandas as pd
import pytest
from glossbench.errors import GlossbenchError
from glossbench.evidence.text.numbers import rounded
from glossbench.pages.findings import Findings, pages
from glossbench.pages.verdicts import judgement
from registered import CLAIMS, REGISTRY, ROOT
from scipy import stats

EVIDENCE = ROOT / "results" / "cpu"
PAGES = [ROOT / "README.md", EVIDENCE / "README.md"]
OBJECTIVES = {entry.title: key for key, entry in REGISTRY["objectives"].items()}
CORPORA = {entry.title: key for key, entry in REGISTRY["corpora"].items()}


def key_of(title):
    name, reference = re.fullmatch(r"(.*?)( \(reference\))?", title).groups()
    return OBJECTIVES[name] + ("@reference" if reference else "")


def judged(letters="C"):
    """The paper's claims, or those of other letters, each as the study judges it whose verdict counts."""
    return {key: judgement(ROOT, key, claim) for key, claim in CLAIMS.items() if key[0] in letters}


def scores_in(text):
    """Rows of the tables whose first column is the objective, as mappings from the head's names."""
    for head, *rows in markdown_tables.tables(text):
        if head[0] in ("Integrated", "Standalone"):
            yield from (dict(zip(["objective", *head[1:]], row, strict=True), protocol=head[0]) for row in rows)


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.parent.name)
def test_scores_are_those_of_the_tables(file):
    rows = [*scores_in(file.read_text(encoding="utf-8"))]
    assert rows
    for row in rows:
        frame = pd.read_csv(EVIDENCE / "tables" / f"{row.pop('protocol').lower()}.csv")
        found = frame[(frame["objective"] == key_of(row.pop("objective"))) & (frame["metric"] == "accuracy")]
        assert {CORPORA[title] for title in row} == set(found["corpus"]) == set(frame["corpus"])
        for title, shown in row.items():
            score = found.set_index("corpus").loc[CORPORA[title]]
            spread = "" if score["n_seeds"] == 1 else f" ± {rounded(score['std'], 1)}"
            assert re.sub(r"\*\*", "", shown) == f"{rounded(score['mean'], 1)}{spread}", (title, score["objective"])
            assert shown.startswith("**") == (score["rank"] == 1), (title, score["objective"])


def test_each_page_is_what_its_template_makes_of_the_files():
    made = pages(ROOT)
    assert [path.parent.name for path in made] == ["cpu", "cpu-next"]
    assert {path: path.read_text(encoding="utf-8") for path in made} == made, "run make docs"


def test_a_page_that_says_what_does_not_hold_is_not_made(tmp_path):
    (tmp_path / "config").symlink_to(ROOT / "config")
    shutil.copytree(EVIDENCE, tmp_path / "results/cpu", ignore=shutil.ignore_patterns("runs", "figures"))
    for study in ("cpu-full-mr", "cpu-probe", "cpu-ablations", "cpu-timing"):
        (tmp_path / "results" / study).symlink_to(ROOT / "results" / study)
    template = tmp_path / "results/cpu/README.md.j2"
    said = 'holds(means.idxmax() == "gloss-o-ce", "G-Loss-O + CE is first")'
    text = template.read_text(encoding="utf-8")
    assert said in text
    template.write_text(text.replace(said, said.replace("gloss-o-ce", "ce")), encoding="utf-8")
    with pytest.raises(GlossbenchError, match="G-Loss-O \\+ CE is first: it does not hold"):
        pages(tmp_path)


NEXT = Findings(ROOT / "results/cpu-next", REGISTRY["corpora"], REGISTRY["objectives"])


def trials_of(objective):
    return NEXT.frame("trials").query("corpus == 'mr' & objective == @objective").to_dict("records")


def test_objectives_are_compared_over_the_trials_of_one_learning_rate():
    rates = {trial["learning_rate"]: trial["test_accuracy"] for trial in trials_of("ce")}
    for where, least in (("", 0.0), ("sigma >= 0.6", 0.6)):
        ahead = [
            (trial["test_accuracy"] - rates[trial["learning_rate"]])
            for trial in trials_of("gloss-o-ce")
            if trial["learning_rate"] in rates and not trial["start"] and trial["sigma"] >= least
        ]
        found, interval = NEXT.over_shared_trials("gloss-o-ce", "mr", where), stats.ttest_1samp(ahead, 0)
        assert found["difference"] == pytest.approx(sum(ahead) / len(ahead))
        assert (found["low"], found["high"]) == pytest.approx(tuple(interval.confidence_interval()))
    assert len(ahead) < 38  # of 40, two have settings of the authors


def test_validation_is_set_against_test_over_the_trials_of_a_search():
    for least in (0.0, 3e-4):
        own = [trial for trial in trials_of("scl") if trial["learning_rate"] >= least]
        scores = [[trial[name] for trial in own] for name in ("value", "test_accuracy")]
        assert NEXT.agreement("scl", "mr", least) == pytest.approx(stats.spearmanr(*scores).statistic)


def test_objectives_with_fewer_seeds_are_compared_on_these():
    runs = NEXT.frame("runs").query("corpus == 'mr'").set_index(["objective", "seed"])["test_accuracy"]
    found, seeds = NEXT.over_baseline("rdrop-ce", "mr"), range(5)
    test = stats.ttest_rel(*(runs[key].loc[list(seeds)] for key in ("rdrop-ce", "ce")))
    assert found["n"] == len(seeds)
    assert (found["low"], found["high"]) == pytest.approx(tuple(test.confidence_interval()))
    assert found["difference"] == pytest.approx(runs["rdrop-ce"].mean() - runs["ce"].loc[list(seeds)].mean())
    assert "R-Drop" not in NEXT.scores("integrated", ["mr"], 10)


def test_what_a_verdict_inherits_from_its_searches_and_limits():
    trials = pd.read_parquet(NEXT.folder / "trials.parquet").query("corpus == 'mr' & state == 'complete'")
    best = 100 * trials.groupby("objective")["test_accuracy"].max()
    assert NEXT.bound("gloss-o-ce", "mr") == pytest.approx(best["gloss-o-ce"] - best["ce"])
    scores = trials.query("objective == 'scl'")["value"].sort_values().to_numpy()
    # the largest of 20 drawn without putting back: its mean by the ranks (hypergeometric)
    chances = [math.comb(rank, 19) / math.comb(40, 20) for rank in range(40)]
    expected = scores[-1] - (scores * chances).sum()
    assert NEXT.still_rising("scl", "mr", "val_macro_silhouette") == pytest.approx(expected, rel=1e-6)
    epochs = pd.read_parquet(NEXT.folder / "epochs.parquet").query("objective == 'scl' & corpus in ['r8', 'r52']")
    longest = epochs.groupby(["corpus", "seed"])["epoch"].max()
    assert NEXT.at_the_limit("scl", ["r8", "r52"]) == ((longest == 200).sum(), len(longest))


def test_what_epochs_record_is_told_of_the_first_and_of_the_best_one():
    epochs = NEXT.frame("epochs").query("corpus == 'mr' & objective == 'gloss-k-ce'")
    best = [own.loc[own["val_macro_f1"].idxmax()] for _, own in epochs.groupby("seed")]
    found = NEXT.until_best(["sigma"], "gloss-k-ce", "mr").loc["sigma"]
    assert found["first"] == pytest.approx(epochs.query("epoch == 1")["sigma"].mean())
    assert found["best"] == pytest.approx(sum(one["sigma"] for one in best) / len(best))


def test_a_corpus_is_finished_where_all_planned_runs_are():
    planned = NEXT.frame("coverage")
    assert set(NEXT.finished_corpora()) == set(planned["corpus"]) - set(planned.loc[~planned["finished"], "corpus"])


def test_orders_of_two_studies_are_compared_pair_by_pair():
    part, whole = (
        Findings(ROOT / "results" / name, REGISTRY["corpora"], OBJECTIVES) for name in ("cpu", "cpu-full-mr")
    )
    compared = ["ce", "scl-ce", "gloss-o-ce", "scl", "gloss-o"]
    found = [study.order(compared, "mr") for study in (part, whole)]
    assert [sorted(order) for order in found] == [sorted(compared)] * 2
    agree = [
        (found[0].index(one) < found[0].index(other)) == (found[1].index(one) < found[1].index(other))
        for one, other in itertools.combinations(compared, 2)
    ]
    assert part.kendall(whole, compared, "mr") == pytest.approx((2 * sum(agree) - len(agree)) / len(agree))


def test_an_objective_leads_where_its_mean_is_higher_or_its_cost_lower_than_all_others():
    study = Findings(EVIDENCE, REGISTRY["corpora"], OBJECTIVES)
    runs, others = study.frame("runs"), ["scl", "triplet", "cosine"]
    for metric, column, sign in (("accuracy", "test_accuracy", 1), ("stop_epoch", "stop_epoch", -1)):
        means = {key: sign * own[column].mean() for key, own in runs.groupby(["corpus", "objective"])}
        expected = {
            title
            for title, corpus in CORPORA.items()
            if (corpus, "gloss-o") in means and all(means[corpus, "gloss-o"] > means[corpus, other] for other in others)
        }
        assert set(study.leads_on("gloss-o", others, metric)) == expected
        assert expected


def test_readme_has_the_verdict_of_each_claim_and_the_study_that_judged_it():
    rows = markdown_tables.rows(PAGES[0].read_text(encoding="utf-8"))
    studies = {key: claim.judged_in for key, claim in CLAIMS.items()}
    links = {study: f"[{study}](results/{study}/claims.md)" for study in studies.values()}
    links |= {study: study for study in links if not (ROOT / f"results/{study}").is_dir()}  # not run yet
    assert [[row[0].split()[0], *row[1:]] for row in rows if re.match(r"[CN]\d+ ", row[0])] == [
        [key, claim["verdict"], links[studies[key]]] for key, claim in judged("CN").items()
    ]


def test_verdicts_and_intervals_are_those_of_the_claims():
    text, claims = PAGES[1].read_text(encoding="utf-8"), judged()
    said = dict(re.findall(r"^- \*\*(C\d+) (\w[\w ]*)\.?\*\*", text, re.MULTILINE))
    assert said == {key: claim["verdict"] for key, claim in claims.items()}
    intervals = re.findall(r"^- \*\*(C\d+) (?:(?!^- )[^|])*?interval (\S+)\s+to (\S*\d)", text, re.MULTILINE)
    assert len(intervals) >= 2
    for key, *ends in intervals:
        scale = 1 if CLAIMS[key].format == "ratio" else 100
        for shown, end in zip(ends, claims[key]["interval"], strict=True):
            decimals = len(shown.partition(".")[2])
            assert float(shown) == round(scale * end, decimals), (key, shown)


def test_it_is_small():
    files = subprocess.run(["git", "ls-files", "-z", "results"], cwd=ROOT, capture_output=True, check=True, text=True)
    assert sum((ROOT / name).stat().st_size for name in files.stdout.split("\0")[:-1]) < 10 * 2**20
