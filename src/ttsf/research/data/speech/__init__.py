"""The sound of a corpus: files of speech, and the times of phones and symbols in it."""
