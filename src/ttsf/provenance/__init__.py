"""What says that a video was made: embed/ writes it, detect/ finds it.

Knows pictures, sound and files; nothing of portraits, texts or the model.
"""
