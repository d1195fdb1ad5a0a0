"""One module a family of figures: a pure function makes the frame that is drawn, another draws it."""
