"""`ttsf batch`: generate the videos listed in a JSONL file, resumable at any point.

Knows the pipeline and the fields of the HTTP API, but no server.
"""
