"""Which peers there are, by name. Calling one raises ImportError where it is not installed."""

from _deodr import deodr, deodr_public
from _mitsuba import mitsuba
from _pytorch3d import pytorch3d

PEERS = {"deodr": deodr, "deodr Scene2D": deodr_public, "mitsuba": mitsuba, "pytorch3d": pytorch3d}
ONE_THREAD_ONLY = {"deodr", "deodr Scene2D"}  # no threads inside, and it keeps the GIL
