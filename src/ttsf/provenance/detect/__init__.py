"""What a file says of itself, and the marks that are found in it, each with its evidence."""
