"""From a user's text to sentences for the front end: brackets, SSML, lexicon."""
