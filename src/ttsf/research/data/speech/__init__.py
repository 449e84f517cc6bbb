"""Speech of a corpus: files, phone times and symbol times."""
