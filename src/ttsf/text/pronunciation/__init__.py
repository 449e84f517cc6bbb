"""Pronunciations of English words that espeak-ng gets wrong."""
