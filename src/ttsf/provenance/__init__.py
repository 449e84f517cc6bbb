"""Mark videos as synthetic (embed/), and detect the marks (detect/).

Knows pictures, sound and files, but no portraits, texts or model.
"""
