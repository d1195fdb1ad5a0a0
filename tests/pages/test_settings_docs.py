"""Tables of settings say of each key whether it must be given, and what it is otherwise."""

from glossbench.pages.settings_docs import settings_table
from glossbench.settings.model import ByProtocol, Model, about

from tests.support import markdown_tables


class Inner(Model):
    """Settings in a mapping."""

    needed: int = about("Needed where the mapping is given.")
    number: float = about("A number.", 2.0)


class Defaulted(Model):
    """Settings that all have defaults."""

    flag: bool = about("A flag.", False)


class Outer(Model):
    """Settings with every kind of default."""

    needed: str = about("Needed.")
    empty: dict[str, int] = about("A mapping.", {})
    several: list[int] = about("A list.", [])
    left_out: tuple[int, ...] = about("Not needed, and without a default that could be given.", default_factory=tuple)
    inner: Inner | None = about("A mapping, or nothing.", None)
    defaulted: Defaulted = about("A mapping with defaults of its own.", Defaulted())
    by_protocol: ByProtocol[float] = about("Two values.", ByProtocol[float](integrated=1, standalone=0.5))


def test_a_key_is_required_or_has_its_default():
    (table,) = markdown_tables.tables(settings_table(Outer))
    assert {row[0].strip("`"): row[2].strip("`") for row in table[1:]} == {
        "needed": "required",
        "empty": "{}",
        "several": "[]",
        "left_out": "none",
        "inner": "null",
        "inner.needed": "required",
        "inner.number": "2",
        "defaulted": "{}",
        "defaulted.flag": "false",
        "by_protocol": '{"integrated": 1, "standalone": 0.5}',
    }
