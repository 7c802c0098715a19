"""`python -m sparingly` is the `sparingly` command."""

import sys

from sparingly.cli import main

sys.exit(main())
