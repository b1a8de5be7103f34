"""Where the files are that bash and Python share."""

import os

SCRIPTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMMON = os.path.join(SCRIPTS, "common")
