"""`ttsf serve`: a page, an HTTP API and jobs on one machine."""
