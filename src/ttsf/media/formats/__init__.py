"""What is inside picture files."""
