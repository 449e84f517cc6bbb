"""`python -m ttsf` is the command `ttsf`."""

import sys

from ttsf.cli import main

sys.exit(main())
