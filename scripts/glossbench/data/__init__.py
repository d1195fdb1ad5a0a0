"""First stage: fetch corpora and encoders, prepare documents, tokenize them.

- fetching.py with sources/: downloads; encoders.py: what an encoder's folder has.
- reading.py, tables.py: from files to documents with labels; corpora.py, splitting.py: to splits; cards.py: to a card.
- tokens.py: splits to tokens; documents.py: tokens as training reads them.
- entries.py: what of a registry's entry each step depends on.
"""
