"""A page of HTML as a parser sees it."""

from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Collects tags, attributes and texts, and checks on the way that every tag is closed in its turn."""

    def __init__(self, page: str):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["script"], ["style"]):
            self.texts.append(data)

    def attributes(self, name: str) -> list[str]:
        """Values of an attribute wherever a tag has it."""
        return [attributes[name] for _, attributes in self.tags if name in attributes]

    @property
    def text(self) -> str:
        """All text, as it is."""
        return "".join(self.texts)

    @property
    def words(self) -> str:
        """All text with single spaces."""
        return " ".join(" ".join(self.texts).split())
