"""What can go wrong, as types that a caller can catch. The command line turns each into one sentence."""


class RrbError(Exception):
    """Root of every error that rrb raises on purpose. Its text is one sentence meant for a person."""


class BadInputError(RrbError, ValueError):
    """What the caller gave cannot be used: says what came in and what is accepted."""


class BadFileError(BadInputError):
    """A file cannot be read as what it claims to be. The text starts with the file's name."""


class UnsupportedDeviceError(RrbError, NotImplementedError):
    """A tensor lies on a device for which there are no kernels."""
