"""The report, one HTML page. page.py makes it; overview.py and runs_table.py make what it shows of the runs."""
