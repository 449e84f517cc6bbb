"""What says that a video was made: a mark in picture and sound, tags, and how they are found."""
