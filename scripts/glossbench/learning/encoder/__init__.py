"""A pre-trained encoder: its files, packed documents, and embeddings of them."""
