"""Times of words, phones and visemes; subtitles, and exports to other tools.

Knows seconds and names, but neither the model nor the text front end.
"""
