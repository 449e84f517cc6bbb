"""What a user writes, up to the sentences that the front end reads: markup, SSML, lexicon."""
