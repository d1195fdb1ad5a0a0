"""First stage: fetch corpora and encoders, prepare documents, tokenize them."""
