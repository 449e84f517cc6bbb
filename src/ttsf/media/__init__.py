"""Files in and out: pictures, video, sound, text."""
