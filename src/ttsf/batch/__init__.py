"""`ttsf batch`: a file of lines becomes a folder of videos."""
