"""Everything that draws on arrays: pictures, contours over them, panels, animations."""
