"""`python -m accsyn_orm` is the command `accsyn-orm`."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
