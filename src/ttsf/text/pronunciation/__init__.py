"""How English words sound where espeak-ng says them wrong."""
