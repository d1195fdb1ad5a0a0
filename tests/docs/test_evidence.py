"""The study that stands in results/cpu: its pages say what its files say, and it is small and whole."""

import json
import re
import subprocess
import tarfile

import pandas as pd
import pytest
from glossbench.settings.yaml_file import read_yaml
from registered import CLAIMS, REGISTRY, ROOT

EVIDENCE = ROOT / "results" / "cpu"
PAGES = [ROOT / "README.md", EVIDENCE / "README.md"]
OBJECTIVES = {entry.title: key for key, entry in REGISTRY["objectives"].items()}
CORPORA = {entry.title: key for key, entry in REGISTRY["corpora"].items()}


def key_of(title):
    name, reference = re.fullmatch(r"(.*?)( \(reference\))?", title).groups()
    return OBJECTIVES[name] + ("@reference" if reference else "")


def judged():
    """The claims of the registry, each as the study judges it whose verdict counts."""
    found = {}
    for key, claim in CLAIMS.items():
        rows = json.loads((ROOT / "results" / claim["judged_in"] / "claims.json").read_text())
        found |= {row["id"]: row for row in rows if row["id"] == key}
    return found


def accuracies(study, corpus, *protocols):
    """A study's rows of accuracy on a corpus, by objective."""
    frame = pd.concat(pd.read_csv(study / "tables" / f"{protocol}.csv") for protocol in protocols)
    own = frame[(frame["corpus"] == corpus) & (frame["metric"] == "accuracy")]
    return own.drop_duplicates("objective").set_index("objective")


def tables(text):
    """Rows of the tables whose first column is the objective, as mappings from the head's names."""
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        head, _, *rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines()]
        if head[0] in ("Integrated", "Standalone"):
            yield from (dict(zip(["objective", *head[1:]], row, strict=True), protocol=head[0]) for row in rows)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_scores_are_those_of_the_tables(page):
    rows = [*tables(page.read_text(encoding="utf-8"))]
    assert rows
    for row in rows:
        frame = pd.read_csv(EVIDENCE / "tables" / f"{row.pop('protocol').lower()}.csv")
        found = frame[(frame["objective"] == key_of(row.pop("objective"))) & (frame["metric"] == "accuracy")]
        assert {CORPORA[title] for title in row} == set(found["corpus"]) == set(frame["corpus"])
        for title, shown in row.items():
            score = found.set_index("corpus").loc[CORPORA[title]]
            spread = "" if score["n_seeds"] == 1 else f" ± {score['std']:.1f}"
            assert re.sub(r"\*\*", "", shown) == f"{score['mean']:.1f}{spread}", (title, score["objective"])
            assert shown.startswith("**") == (score["rank"] == 1), (title, score["objective"])


def test_scores_on_the_whole_of_mr_are_those_of_the_tables():
    page = (EVIDENCE / "README.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+ ± [^|]+) \| ([^|]+ ± [^|]+) \|$", page.partition("| On MR |")[2], re.MULTILINE
    )
    assert len(rows) == 5
    for column, study in enumerate((EVIDENCE, ROOT / "results/cpu-full-mr"), start=1):
        own = accuracies(study, "mr", "integrated", "standalone").loc[[key_of(title) for title, *_ in rows]]
        best = own["mean"].idxmax()
        for row, (key, score) in zip(rows, own.iterrows(), strict=True):
            shown = f"{score['mean']:.1f} ± {score['std']:.1f}"
            assert row[column] == (f"**{shown}**" if key == best else shown), (study.name, key)


def test_scores_of_the_published_probe_are_those_of_its_table():
    said = re.search(
        r"at\s+(\S+) % \(SCL\)\s+and\s+(\S+) % \(G-Loss-O\) give (\S+) % and (\S+) % with", PAGES[1].read_text()
    )
    studies = (EVIDENCE, ROOT / "results/cpu-probe")
    means = [accuracies(study, "r52", "standalone")["mean"][["scl", "gloss-o"]] for study in studies]
    assert [*said.groups()] == [f"{mean:.1f}" for mean in pd.concat(means)]


def test_readme_has_the_verdict_of_each_claim_and_the_study_that_judged_it():
    rows = re.findall(
        r"^\| (C\d+) [^|]+ \| ([^|]+) \| \[(\S+)\]\((\S+)\) \|$", PAGES[0].read_text(encoding="utf-8"), re.MULTILINE
    )
    studies = {key: claim["judged_in"] for key, claim in CLAIMS.items()}
    assert rows == [
        (key, claim["verdict"], studies[key], f"results/{studies[key]}/claims.md") for key, claim in judged().items()
    ]


def test_verdicts_and_intervals_are_those_of_the_claims():
    text, claims = PAGES[1].read_text(encoding="utf-8"), judged()
    said = dict(re.findall(r"^- \*\*(C\d+) (\w[\w ]*)\.?\*\*", text, re.MULTILINE))
    assert said == {key: claim["verdict"] for key, claim in claims.items()}
    intervals = re.findall(r"^- \*\*(C\d+) (?:(?!^- )[^|])*?interval (\S+)\s+to (\S*\d)", text, re.MULTILINE)
    assert len(intervals) >= 2
    for key, *ends in intervals:
        scale = 1 if CLAIMS[key]["shown"] == "ratio" else 100
        for shown, end in zip(ends, claims[key]["interval"], strict=True):
            decimals = len(shown.partition(".")[2])
            assert float(shown) == round(scale * end, decimals), (key, shown)


def test_differences_of_the_switches_are_those_of_their_table():
    frame = pd.read_csv(ROOT / "results/cpu-ablations/tables/switches.csv")
    frame = frame[frame["metric"] == "accuracy"]
    codes = read_yaml(ROOT / "config/outputs.yaml")["tables"]["switches"]["settings"]["switches"]
    text = PAGES[1].read_text(encoding="utf-8").replace("−", "-")
    said = re.findall(r"^\| \[(D\d+)\].*?\| (\S+).*?\| (\S+)", text, re.MULTILINE)
    assert {codes[key] for key in frame["setting"]} == {code for code, *_ in said}
    for code, *shown in said:
        own = frame[frame["setting"].map(codes) == code].set_index("corpus")["difference"]
        assert [float(number) for number in shown] == [round(own[key], 2) for key in ("mr", "r8")], code


def test_what_the_page_says_besides_the_claims_follows_from_the_frames():
    text = " ".join(PAGES[1].read_text(encoding="utf-8").split())
    runs, trials = (pd.read_parquet(EVIDENCE / f"{name}.parquet") for name in ("runs", "trials"))
    best = trials[trials["best"].astype(bool)]
    lowest = (best["learning_rate"] == 1e-4).sum()
    assert f"{lowest} of the {len(best)} searches end there, at the lowest rate" in text
    of_all = runs[runs["protocol"] == "integrated"].groupby(["objective", "corpus"])["test_accuracy"].mean()
    over_corpora = 100 * of_all.groupby("objective").mean().sort_values(ascending=False)
    assert [over_corpora.index[0], len(over_corpora)] == ["gloss-o-ce", 8]
    gloss, scl, ce = (f"{over_corpora[key]:.2f} %" for key in ("gloss-o-ce", "scl-ce", "ce"))
    assert f"first of the eight rows, with {gloss} (SCL + CE {scl}, CE {ce})" in text
    cells = [row for row in judged()["C1"]["numbers"] if "p_holm" in row]
    p, seen = ([row[name] for row in cells] for name in ("p_holm", "smallest"))
    assert (
        f"is {min(p):.3f} to {max(p):.2f} (Holm), a cell's seeds show {100 * min(seen):.2f} to {100 * max(seen):.2f} p"
        in text
    )
    assert judged()["C1"]["macro_f1_verdict"] == "undecided"
    mr = runs[runs["corpus"] == "mr"].groupby(["protocol", "objective"])[["test_accuracy", "stop_epoch"]].mean()
    ahead, second = mr["test_accuracy"].nlargest(2)
    assert f"{100 * (ahead - second):.2f} points above SCL + CE" in text
    stops = mr.loc["standalone", "stop_epoch"]
    assert f"the first to stop, after {stops['gloss-o']:.1f} epochs" in text
    assert stops.idxmin() == "gloss-o"
    f1 = 100 * runs[runs["corpus"] == "r52"].groupby("objective")["test_macro_f1"].mean()
    assert (
        f"is {f1['ce@reference'] - f1['ce']:.1f} points ahead of CE, but {f1['gloss-o-ce'] - f1['ce']:.1f} of" in text
    )


def test_all_runs_of_each_corpus_are_packed():
    for corpus in read_yaml(ROOT / "config/cpu.yaml")["corpora"]:
        name = f"cpu-{corpus}"
        with tarfile.open(EVIDENCE / "runs" / f"{name}.tar.gz") as archive:
            runs = [member for member in archive.getnames() if member.endswith("/metrics.json")]
        assert len(runs) == 66, name


def test_it_is_small():
    files = subprocess.run(["git", "ls-files", "-z", "results"], cwd=ROOT, capture_output=True, check=True, text=True)
    assert sum((ROOT / name).stat().st_size for name in files.stdout.split("\0")[:-1]) < 8 * 2**20
