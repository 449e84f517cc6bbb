"""Sec. 4.1: one file for each figure of the paper's tables, with the scorers that give it."""
