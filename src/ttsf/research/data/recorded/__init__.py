"""Sec. 4.1: training clips of recorded videos and speech."""
