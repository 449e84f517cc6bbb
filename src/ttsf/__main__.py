"""`python -m ttsf` is the command `ttsf`."""

import sys

from ttsf.cli.main import main

sys.exit(main())
