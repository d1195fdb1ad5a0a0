"""Numbers, names, Markdown and JSON as all evidence writes them."""
