"""Sec. 4.4: the rating study."""
