"""Pictures of objects whose mesh, camera and pose are known: made, read, kept."""
