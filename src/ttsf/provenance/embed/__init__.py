"""Watermarks in picture and sound, a visible label, tags and a signature."""
