"""Sec. 4.1, open data: animated portraits and synthetic voices."""
