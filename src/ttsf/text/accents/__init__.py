"""Languages other than English, read with the accent of a voice that has learned only English."""
