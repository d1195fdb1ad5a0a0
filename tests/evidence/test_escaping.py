"""Whatever text a study brings along, the report shows it as text."""

from dataclasses import replace
from html.parser import HTMLParser

import evidence_frames as frames
import pytest
import report_pages as pages
from glossbench.evidence.report.page import render_report

ATTACKS = [
    "<script>alert(1)</script>",
    "\" onload='x' \"><img src=x onerror=y>",
    "</style></title><iframe>",
    "{{ 7 * 7 }}&lt;b&gt;",
]
HARMLESS = "(zebra)"  # a letter at its start might be made a capital
CLAIMED = ["claim", "reason", "note", "value_text", "interval_text", "holds_text", "published_text", "unit"]


class Page(HTMLParser):
    """Tags with their attributes' names, and all text: shown or in attributes."""

    def __init__(self, page: str):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, tuple(name for name, _ in attributes)))
        self.text += "".join(value or "" for _, value in attributes)

    def handle_data(self, data):
        self.text += data


def page_with(word: str) -> str:
    """A report in which every text from outside is the word, or begins with it where texts must differ."""
    runs = frames.runs({("mr", "minilm-l6", "ce"): [0.9, 0.8], ("mr", "minilm-l6", "scl-ce"): [0.7]})
    corpora = frames.corpora("mr", description=word)
    spread = {name: {value: f"{word}{value}" for value in ("mr", "minilm-l6", "ce", "scl-ce")} for name in runs}
    texts = [name for name in runs.select_dtypes(["object", "str"]) if name != "protocol"]
    assert {"corpus", "encoder", "objective", "device"} <= set(texts)
    runs = runs.assign(**{name: runs[name].map(lambda value: spread["corpus"].get(value, word)) for name in texts})
    about = dict.fromkeys(corpora.select_dtypes(["object", "str"]), word)
    corpora = corpora.assign(**about | {"corpus": f"{word}mr"})
    return render_report(
        settings={"study": word, word: {word: [word, word]}, "list": [{word: word}], "training": {word: None}},
        provenance={word: {word: word}, "commit": word},
        exhibits=[replace(shown, title=word, caption=word) for shown in pages.exhibits(runs, corpora)],
        claims=[pages.claim(word, "confirmed", **dict.fromkeys(CLAIMED, word), caveats=[word])],
        runs=runs,
        corpora=corpora,
        coverage=pages.coverage_of(runs),
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_from_outside_adds_no_tag_and_no_attribute(attack):
    harmless, attacked = Page(page_with(HARMLESS)), Page(page_with(attack))
    assert attacked.tags == harmless.tags
    assert attacked.text.count(attack) == harmless.text.count(HARMLESS) > 20
