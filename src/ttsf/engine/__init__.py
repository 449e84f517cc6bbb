"""A portrait and a text on their way to frames and sound."""
