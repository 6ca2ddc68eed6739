"""What the networks know: the order is that of their outputs."""

CATEGORIES = ("chair", "car", "aeroplane", "table", "sofa")
ALIASES = {"airplane": "aeroplane"}  # what collections call them
