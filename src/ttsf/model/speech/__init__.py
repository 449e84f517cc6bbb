"""Sec. 3.3: text-to-speech, from symbol ids to a waveform."""
