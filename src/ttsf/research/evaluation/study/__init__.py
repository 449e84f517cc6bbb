"""Sec. 4.4: the user study."""
