"""Sec. 4: measuring what the model gives, with scorers that it was not trained on."""
