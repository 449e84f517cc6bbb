"""Written English to words: tokens, each with a class and a position; one file per class."""
