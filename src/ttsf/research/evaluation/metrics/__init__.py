"""Sec. 4.1: one module per metric of the paper's tables, with its scorers."""
