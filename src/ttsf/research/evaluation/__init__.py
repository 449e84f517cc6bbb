"""Sec. 4: evaluation with scorers that no loss has used."""
