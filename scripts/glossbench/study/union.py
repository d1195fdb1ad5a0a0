"""Several studies that are reported on as one: the same evidence, from the frames of all of them.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

from pathlib import Path
from typing import Any

from glossbench.errors import SettingsError
from glossbench.study.schema import check, load_schema
from glossbench.study.study import Study, load_study
from glossbench.study.yaml_file import read_yaml, to_jsonable


def is_union(config: dict[str, Any]) -> bool:
    """Whether a study file lists studies instead of having runs of its own."""
    return "studies" in config


def studies_of(file: Path, config_dir: Path) -> list[Study]:
    """The study in a file, or all studies that a file lists.

    Args:
        file: A study file.
        config_dir: Folder with registries and schemas.

    Raises:
        SettingsError: Something is not valid.
    """
    config = read_yaml(file)
    return (
        load_union(config, str(file), config_dir)[1]
        if is_union(config)
        else [load_study(config, str(file), config_dir)]
    )


def load_union(config: dict[str, Any], source: str, config_dir: Path) -> tuple[Study, list[Study]]:
    """Load the studies of a union, and the union as one study whose runs are theirs.

    Args:
        config: The file as parsed, with ``study`` and ``studies``, paths of study files relative to ``config_dir``.
        source: Name of the file that it came from, for errors.
        config_dir: Folder with registries and schemas.

    Raises:
        SettingsError: Something is not valid, or two studies have runs of one corpus with one encoder: their recipes
            would be compared, or mixed in one mean.
    """
    members, owners = [], {}
    for position, file in enumerate(member_files(config, source, config_dir)):
        name = config["studies"][position]
        member = load_study(read_yaml(file), str(file), config_dir)
        members.append(member)
        for corpus, encoder in dict.fromkeys((run.corpus, run.encoder) for run in member.runs):
            other = owners.setdefault((corpus, encoder), name)
            if other != name:
                found = f"{name} has runs of {corpus} with {encoder}, as {other} has"
                raise SettingsError(f"{source}: studies[{position}]: {found}; two recipes are not compared")
    return _as_one(config["study"], members), members


def member_files(config: dict[str, Any], source: str, config_dir: Path) -> list[Path]:
    """The study files that a union lists.

    Args:
        config: The file as parsed.
        source: Name of the file that it came from, for errors.
        config_dir: Folder that their paths are relative to.

    Raises:
        SettingsError: The union is not valid, or a file is not there.
    """
    settings = to_jsonable(config, source)
    check(settings, load_schema(config_dir, "union"), source)
    files = [config_dir / name for name in settings["studies"]]
    for position, file in enumerate(files):
        if not file.is_file():
            raise SettingsError(f"{source}: studies[{position}]: {file} found, expected a study file")
    return files


def _as_one(name: str, members: list[Study]) -> Study:
    """A study with the runs of all members. Settings in which they differ are given by the name of the member."""
    settings = {}
    for key in dict.fromkeys(key for member in members for key in member.settings):  # lists may stand in a grid alone
        values = {member.name: member.settings.get(key) for member in members}
        first = next(iter(values.values()))
        settings[key] = first if all(value == first for value in values.values()) else values
    # these say which frames there are
    settings["tuning"] = next((member.settings["tuning"] for member in members if member.searches), None)
    for key in ("projection", "snapshots"):
        settings[key] = next((member.settings[key] for member in members if member.settings[key]), None)
    resolved = {key: value for member in reversed(members) for key, value in member.objectives_resolved.items()}
    runs = tuple(run for member in members for run in member.runs)
    nowhere = {"study": name, "mirror": None, "offline": True}  # nothing is fetched
    return Study(name, {**settings, **nowhere}, members[0].registry, resolved, runs)
