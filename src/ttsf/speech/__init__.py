"""Sec. 3.3: text-to-speech."""
