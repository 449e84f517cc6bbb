"""Composite the generated face into its picture: framing, background, blending, teeth.

Knows pictures and the model's output fields, but no files and no sound.
"""
