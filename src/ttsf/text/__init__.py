"""A user's text to utterances: the symbols to speak, their words, pauses and times.

Knows markup, English and other languages, and nothing of the model but its symbol table.
"""
