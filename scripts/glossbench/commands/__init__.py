"""One module per command of ``python -m glossbench``; pack, import and verify are in archives/, export in learning/."""
