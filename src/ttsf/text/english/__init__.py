"""Written English to words: tokens with a class and a place each, one file a class of tokens."""
