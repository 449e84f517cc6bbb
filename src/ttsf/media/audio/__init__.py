"""The user's own sound: any file or stream of samples, decoded once and cut at pauses."""
