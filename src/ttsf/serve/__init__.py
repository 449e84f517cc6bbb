"""`ttsf serve`: web page, HTTP API and job queue on one machine.

process/ runs the model in a separate process; the other modules know tasks, events and files only.
"""
