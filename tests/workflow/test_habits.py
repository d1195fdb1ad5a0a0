"""Habits that keep reruns exact: settings reach jobs through params, rules and scripts read alike."""

import ast
import re

import pytest
import yaml
from studies import ROOT

SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
# rules by name; of those that are made in a loop, what their names begin with
RULES = {
    match[1] or re.search(r'f"(\w+)_\{', match[2])[1]: match[2]
    for path in sorted((ROOT / "rules").glob("*.smk"))
    for match in re.finditer(
        r"^ *rule(?: (\w+))?:\n((?:(?: .*)?\n)+?)(?=^\S|^ *rule(?: \w+)?:|\Z)", path.read_text() + "\n", re.MULTILINE
    )
}
SAME_SCRIPT = {
    "fetch_corpus": "fetch",
    "fetch_encoder": "fetch",
    "train_seeds": "train",
}


def attributes(path):
    """Names read off the snakemake object of a script."""
    tree = ast.parse(path.read_text())
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "snakemake"
    }


def test_there_is_a_script_for_every_rule_and_no_other():
    assert len(RULES) > 12
    assert {path.stem for path in SCRIPTS} == {SAME_SCRIPT.get(name, name) for name in RULES}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_only_fetching_reads_the_configuration_and_only_where_files_come_from(path):
    if path.stem == "fetch":
        keys = set(re.findall(r"snakemake\.config(?:\.get\(|\[)\"(\w+)\"", path.read_text()))
        assert keys == {"mirror", "offline"}
    else:
        assert "config" not in attributes(path)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_has_a_log(path):
    assert "job_log(snakemake)" in path.read_text()


@pytest.mark.parametrize("name", RULES)
def test_rules_say_what_a_scheduler_and_a_rerun_need(name):
    rule = RULES[name]
    for directive in ("log", "params", "conda", "threads", "resources", "message", "script"):
        assert re.search(rf"^ +{directive}:", rule, re.MULTILINE), f"{name} has no {directive}"
    assert f'"../scripts/{SAME_SCRIPT.get(name, name)}.py"' in rule
    for resource in ("mem_mb", "runtime"):
        assert f"{resource}=" in rule
    if "code=" not in rule:  # what is fetched is pinned by its digests alone
        assert name.startswith("fetch_")


def test_the_default_profile_keeps_reruns_exact():
    profile = yaml.safe_load((ROOT / "profiles" / "default" / "profile.v9+.yaml").read_text())
    assert profile["rerun-incomplete"] is True
    assert profile["rerun-triggers"] == ["mtime", "params", "input", "software-env"]
