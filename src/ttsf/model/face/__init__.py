"""Sec. 3.1: the talking-face part."""
