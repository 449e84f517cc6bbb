"""Read and write files: pictures, video, sound, captions, text.

Knows formats and bytes, but no faces, speech or model.
"""
