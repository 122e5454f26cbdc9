"""How long tests wait for what has to come: wide, so that a busy machine fails no test. Nothing is measured with it."""

PATIENCE = 600.0
"""Seconds: so long may a program take, or something else that a test waits for; longer is an error."""

FOR_EVER = 24 * 3600.0
"""Seconds: so long hangs what nobody may wait for. It outlasts each limit, so whoever waits for it fails."""

ORPHANED = 60.0
"""Seconds: by then a child has noticed that its parent is gone. One that does not waits for its next job for ever."""

BUSY = 5
"""So many times longer may take what is promised in seconds: a busy machine is so much slower."""
