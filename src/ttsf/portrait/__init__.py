"""From a picture file to a `Portrait`: faces, crop square, warnings.

Knows pictures and detectors, but neither the model nor the video.
"""
