"""`ttsf batch`: the videos of a file of lines, each made once, also after a kill.

Knows the pipeline and the fields of the HTTP API; no server.
"""
