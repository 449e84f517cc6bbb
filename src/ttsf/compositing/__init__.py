"""A drawn face back in its picture: framing, ground, surroundings and teeth, frame by frame.

Knows pictures and the fields that the model draws; no files and no sound.
"""
