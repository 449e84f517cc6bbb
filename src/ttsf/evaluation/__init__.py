"""Sec. 4: measuring what the model makes, with judges that it was not trained on."""
