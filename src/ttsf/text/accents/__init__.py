"""Languages beside English, read with the accent of a voice that has learned English alone."""
