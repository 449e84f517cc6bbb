"""Mark videos as synthetic (embed/), and detect such marks (detect/).

Knows pictures, sound and files, but no portraits, texts or model.
"""
