"""Every decision: pure functions over the nouns. No I/O, no clock, no logging; ``now`` is always an argument."""
