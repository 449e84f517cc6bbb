"""Sec. 3.2: variational motion sampling."""
