"""The face of a clip: landmarks, lips, head, eyes and expression."""
