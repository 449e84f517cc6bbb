"""Files in and out: pictures, video, sound, captions, text.

Knows formats and bytes; nothing of faces, speech or the model.
"""
