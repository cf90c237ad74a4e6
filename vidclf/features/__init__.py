"""Features of clips: kept on disk, clustered."""
