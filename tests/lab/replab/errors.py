"""The one exception that a caller of the laboratory has to expect."""


class LabError(Exception):
    """Something the laboratory needed did not happen; the text says what and what to look at."""
