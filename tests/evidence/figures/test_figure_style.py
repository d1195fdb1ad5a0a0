"""How figures look: objectives told apart, few colours that look like all, every character, texts cut to their room."""

import io
import itertools
from dataclasses import replace

import numpy as np
import pytest
from glossbench.evidence.figures import style
from glossbench.evidence.text.names import naming
from glossbench.settings.names import names_by_kind
from matplotlib.figure import Figure
from PIL import Image

from tests.support.made_up import INTEGRATED, STANDALONE
from tests.support.registered import REGISTRIES


def added(*colors: str | None) -> dict[str, list[dict]]:
    """Names of the registry's objectives and of new ones, one with each of these colours (None: has none)."""
    ce = REGISTRIES.objectives["ce"]
    new = {f"new-{place}": ce.model_copy(update={"title": "New", "color": color}) for place, color in enumerate(colors)}
    objectives = {**REGISTRIES.objectives, **new}
    keys = {"corpus": [], "encoder": [], "objective": list(objectives)}
    return names_by_kind(keys, replace(REGISTRIES, objectives=objectives))


@pytest.mark.parametrize("protocol", [INTEGRATED, STANDALONE], ids=["integrated", "standalone"])
def test_objectives_that_share_a_panel_differ_in_colour_marker_and_dashes(protocol):
    for a, b in itertools.combinations(map(style.look, protocol), 2):
        for part in ("color", "marker", "linestyle"):  # told apart in a grey print too
            assert a[part] != b[part]


@pytest.mark.parametrize("variant", ["gloss-o-ce@reference", "gloss-o-ce+weight=0.1"])
def test_a_preset_or_a_changed_setting_keeps_the_colour_and_looks_different(variant):
    varied, plain = style.look(variant), style.look("gloss-o-ce")
    assert (varied["color"], varied["marker"]) == (plain["color"], plain["marker"])
    assert varied["linestyle"] != plain["linestyle"]
    assert varied["markerfacecolor"] == "white"


def test_presets_of_an_objective_look_different():
    keys = [f"gloss-o-ce@{preset}" for preset in ("reference", "strong")]
    with naming(names_by_kind({"corpus": [], "encoder": [], "objective": keys}, REGISTRIES)):
        reference, strong = map(style.look, keys)
    assert reference["linestyle"] != strong["linestyle"]


def test_a_colour_of_the_registry_is_used_and_an_objective_without_one_looks_like_no_other():
    with naming(added(None, None, "brown")):
        *new, brown = (style.look(f"new-{place}") for place in range(3))
        others = [brown, *(style.look(key) for key in REGISTRIES.objectives)]
    assert brown["color"] == style.BROWN
    for part in ("color", "marker", "linestyle"):
        assert new[0][part] != new[1][part]
        assert not {look[part] for look in new} & {look[part] for look in others}


def test_no_one_sees_that_a_picture_has_few_colours(tmp_path):
    figure = Figure(figsize=(style.PAGE_WIDTH, 3))
    axes = figure.subplots(1, 2)
    for height, objective in enumerate((*INTEGRATED, *STANDALONE)):
        line = style.look(objective)
        axes[0].plot([0, 1, 2], [height, height + 2, height], **line)
        axes[0].fill_between([0, 1, 2], height - 2, height + 2, color=line["color"], alpha=0.15)
    axes[1].imshow(np.linspace(0, 1, 10_000).reshape(100, 100), cmap="cividis")
    drawn = io.BytesIO()
    with style.styled():
        figure.savefig(drawn, format="png")
    style.save(figure, tmp_path / "few")
    whole, few = (np.asarray(Image.open(file).convert("RGB"), int) for file in (drawn, tmp_path / "few.png"))
    differences = abs(whole - few)
    assert differences.mean() < 0.5  # of 255
    assert np.quantile(differences, 0.999) < 16
    assert (tmp_path / "few.png").stat().st_size < len(drawn.getvalue()) / 2


def test_characters_that_the_font_lacks_are_set_in_another_font_or_named(caplog, monkeypatch):
    with style.styled():
        figure = Figure()
        letter = figure.text(0, 0, "\U0001d504")  # in the mathematical fonts that matplotlib brings along
        style.take_fonts(figure)
        assert letter.get_fontfamily()[0] == style.FONT
        assert len(letter.get_fontfamily()) > 1
        assert caplog.text == ""
        figure.text(0, 0.5, "plain, 你")
        monkeypatch.setattr(style.fontManager, "ttflist", [])
        style.take_fonts(figure)
    assert "no installed font has 你 \U0001d504: install one" in caplog.text


def test_a_text_is_cut_to_its_room():
    assert style.fitted("short", 1) == "short"
    cut = style.fitted("a_$very$_long_name" * 5, 1)
    assert cut.endswith("…")
    assert style.inches(cut, style.TEXT) <= 1
