"""The grammar of objective keys: what is taken apart goes together again, and what is no key is refused."""

import pytest
from glossbench.settings.keys import ObjectiveKey, multiple
from hypothesis import example, given
from hypothesis import strategies as st

NAMES = st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)
SETTINGS = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
VALUES = st.from_regex(r"[A-Za-z0-9.-]{1,8}", fullmatch=True)
CHANGES = st.lists(st.tuples(SETTINGS, VALUES), max_size=3).map(tuple)
KEYS = st.builds(ObjectiveKey, NAMES, st.none() | NAMES, CHANGES)


@given(KEYS)
@example(ObjectiveKey("gloss-o-ce", "reference", (("sigma", "x1.5"), ("learning_rate", "1e-05"))))
def test_a_key_written_out_and_parsed_is_the_same_key(key):
    assert ObjectiveKey.parse(str(key)) == key
    assert key.unvaried == key.unvaried.unvaried == ObjectiveKey(key.base, key.preset)
    assert str(key).startswith(str(key.unvaried))


@pytest.mark.parametrize(
    "text",
    ["", "CE", "ce@", "@reference", "ce+", "ce+epochs", "ce+epochs=", "ce,=1", "ce++epochs=1", "ce+Epochs=1", "ce@a@b",
     "ce+epochs=1@reference", "ce+epochs=1 ", " ce", "ce\n", "ce+name=a=b", "ce,name=$x", "ce/../x", "ce_of_someone"],
)  # fmt: skip
def test_a_text_of_another_form_is_refused_with_the_form_that_was_expected(text):
    with pytest.raises(ValueError, match="is not of the form") as caught:
        ObjectiveKey.parse(text)
    assert str(caught.value) == f"{text!r} is not of the form objective[@preset][+setting=value]"


@given(st.text(max_size=20))
def test_any_text_is_a_key_or_is_refused(text):
    try:
        key = ObjectiveKey.parse(text)
    except ValueError:
        return
    assert str(key) == text.replace(",", "+")


@given(KEYS, SETTINGS, VALUES)
def test_a_change_comes_last_and_leaves_the_rest(key, setting, value):
    changed = key.with_change(setting, value)
    assert changed.changes == (*key.changes, (setting, value))
    assert changed.unvaried == key.unvaried
    assert str(changed) == f"{key}+{setting}={value}"


SHORT = {0.5: "0.5", 1e-5: "1e-05", 64: "64", 0.1 + 0.2: "0.3", 2.0: "2", "x1.5": "x1.5", True: "true", "none": "none"}


@pytest.mark.parametrize(("value", "text"), SHORT.items())
def test_a_number_is_written_in_its_shortest_form(value, text):
    assert str(ObjectiveKey("ce").with_change("weight", value)) == f"ce+weight={text}"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("ce@reference", ("ce", "ce@reference", "", "")),
        ("gloss-o@reference+sigma=x2,weight=0.3", ("gloss-o", "gloss-o@reference", "sigma,weight", "x2,0.3")),
    ],
)
def test_columns_say_entry_unvaried_key_and_what_is_changed(text, columns):
    assert tuple(ObjectiveKey.parse(text).columns().values()) == columns


@given(KEYS)
def test_columns_tell_two_keys_apart(key):
    columns = key.columns()
    settings, values = (columns[name].split(",") if columns[name] else [] for name in ("setting", "value"))
    changes = "".join(f"+{setting}={value}" for setting, value in zip(settings, values, strict=True))
    assert columns["unvaried"] + changes == str(key)
    assert columns["unvaried"].startswith(columns["base"])


def test_a_multiple_is_an_x_and_a_number():
    assert [multiple(value) for value in ("x1.5", "x2", "x1e-3")] == ["1.5", "2", "1e-3"]
    assert not any(map(multiple, ("1.5", "x", "x-2", "")))
