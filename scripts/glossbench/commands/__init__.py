"""One module per command of ``python -m glossbench``.

The others: pack, import and verify are in archives/, export in learning/exporting.py, files in pages/items.py.
"""
