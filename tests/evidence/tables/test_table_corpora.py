"""T1: the corpora."""

from glossbench.evidence.tables import corpora
from made_up import corpora as made_up_corpora


def test_corpora_table_counts_documents_and_what_the_audit_found():
    table = corpora.tidy(made_up_corpora("r8", "mr"))
    assert table["corpus"].to_list() == ["mr", "r8"]
    cells = corpora.layout(table).cells
    assert cells.loc["R8"].to_list() == ["1,234", "800", "34", "400", "2", "0", "3", "2", "1"]
