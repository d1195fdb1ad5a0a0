"""Whatever text a study or a registry brings along, the report shows it as text."""

import copy
from dataclasses import replace

import pytest

from tests.support.html_page import Page
from tests.support.made_up import corpora
from tests.support.report_pages import claim, page, shown, small_runs, study

ATTACKS = [
    "<script>alert(1)</script>",
    "\" onload='x' \"><img src=x onerror=y>",
    "</style></title><iframe>",
    "{{ 7 * 7 }}&lt;b&gt;",
]
HARMLESS = "(zebra)"  # a letter at its start might be made a capital
CLAIMED = ["claim", "reason", "note", "needed", "value_text", "interval_text", "holds_text", "published_text",
           "scope_text", "support_text", "published_reason"]  # fmt: skip
KEYS = ["objective", "base", "unvaried", "setting", "value", "protocol"]  # of a form that the study checks


def page_with(word: str) -> str:
    """A report in which every text from outside is the word, or begins or ends with it where texts must differ."""
    runs, prepared = small_runs(), corpora("mr", description=word)
    texts = [name for name in runs.select_dtypes(["object", "str"]) if name not in KEYS]
    assert {"corpus", "encoder", "preset", "device"} <= set(texts)
    runs = runs.assign(**{name: word + runs[name].where(runs[name].isin(["mr", "minilm-l6"]), "") for name in texts})
    about = dict.fromkeys(prepared.select_dtypes(["object", "str"]), word)
    made_from = study(runs, corpora=prepared.assign(**{**about, "corpus": f"{word}mr"}))
    names = copy.deepcopy(made_from.names)
    for entry in names["objective"]:
        entry["title"] += word
    made_from = replace(made_from, names=names)
    return page(
        made_from=made_from,
        settings={"study": word, word: {word: [word, word]}, "list": [{word: word}], "training": {word: None}},
        provenance={word: {word: word}, "commit": word},
        shown=[replace(one, title=word, caption=word) for one in shown(made_from)],
        claims=[
            claim(number, verdict, **dict.fromkeys(CLAIMED, word), caveats=[word], noise=[word])
            for number, verdict in {"C1": "confirmed", "C2": "not tested"}.items()
        ],
    )


def of_tags(parsed: Page) -> list[tuple[str, tuple[str, ...]]]:
    return [(tag, tuple(attributes)) for tag, attributes in parsed.tags]


def everything_said(parsed: Page) -> str:
    return parsed.text + "".join(value or "" for _, attributes in parsed.tags for value in attributes.values())


@pytest.fixture(scope="module")
def harmless() -> Page:
    return Page(page_with(HARMLESS))


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_from_outside_adds_no_tag_and_no_attribute(attack, harmless):
    attacked = Page(page_with(attack))
    assert of_tags(attacked) == of_tags(harmless)
    assert everything_said(attacked).count(attack) == everything_said(harmless).count(HARMLESS) > 40
