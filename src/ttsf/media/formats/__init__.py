"""Internals of picture file formats."""
