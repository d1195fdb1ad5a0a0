"""Stage one: fetch corpora and encoders, prepare documents, tokenize them."""
