"""Python loads this when it starts, in each process inside the tests: what is imported and collected is no garbage."""

import gc

gc.set_threshold(100_000, 50, 100)
