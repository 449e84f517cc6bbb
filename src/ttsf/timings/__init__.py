"""When words, phones and mouth shapes begin and end: subtitles and exports to other tools.

Knows seconds and names; neither the model nor the text front end.
"""
