"""Word lists of English as tables (.tsv) that anybody can read and correct, and their readers."""
