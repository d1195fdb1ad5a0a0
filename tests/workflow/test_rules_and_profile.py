"""Habits that keep reruns exact: settings reach jobs through params, rules and scripts read alike."""

import re

import yaml

from tests.support.studies import ROOT

SCRIPTS = {path.stem: path.read_text() for path in (ROOT / "scripts").glob("*.py")}
RULES = [rule for path in (ROOT / "rules").glob("*.smk") for rule in re.split(r"(?m)^ *rule\b", path.read_text())[1:]]


def test_every_script_has_a_log_and_only_fetching_reads_the_configuration_for_where_files_come_from():
    assert [name for name, text in SCRIPTS.items() if "job_log(snakemake)" not in text] == []
    assert [name for name, text in SCRIPTS.items() if "snakemake.config" in text] == ["fetch"]
    assert set(re.findall(r'snakemake\.config\.get\("(\w+)"', SCRIPTS["fetch"])) == {"mirror", "offline"}


def test_rules_say_what_a_scheduler_and_a_rerun_need():
    assert len(RULES) > 12
    wanted = {"log:", "params:", "conda:", "threads:", "resources:", "message:", "script:"}
    for rule in RULES:
        needed = wanted | {"mem_mb="} | ({"runtime="} if "localrule:" not in rule else set())
        if not rule.strip().startswith("fetch"):  # what is fetched is pinned by its digests, whatever code fetched it
            needed.add("code=")
        assert {word for word in needed if word not in rule} == set(), rule


def test_the_default_profile_keeps_reruns_exact():
    profile = yaml.safe_load((ROOT / "profiles" / "default" / "profile.v9+.yaml").read_text())
    assert profile["rerun-incomplete"] is True
    assert profile["rerun-triggers"] == ["mtime", "params", "input", "software-env"]
