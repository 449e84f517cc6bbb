"""From a picture to the face that is to speak."""
