"""From a picture file to a `Portrait`: its faces, the one that speaks, its square, its doubts.

Knows pictures and detectors; neither the model nor what a video will show.
"""
