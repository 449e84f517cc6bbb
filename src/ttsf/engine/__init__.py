"""Turn a portrait and utterances into frames, sound and files.

Knows the model, the portrait and the utterances, but no command line, server or queue.
"""
