"""A portrait and a text on their way to frames and sound, and into files.

Knows the model, the portrait and the utterances; no command line, server or queue.
"""
