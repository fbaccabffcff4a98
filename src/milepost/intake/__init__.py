"""Files and hooks that bring things in: read and judged here, changed by verbs of core."""
