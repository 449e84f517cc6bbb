"""The command line: `ttsf speak`, `ttsf train` and all others."""
