"""Sec. 4.1: training clips from recorded videos and speech."""
