"""One module a table: a frame of results in, a tidy frame or a layout for readers out."""
