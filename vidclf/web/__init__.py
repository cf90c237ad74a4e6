"""Local pages: they call and show, and never compute."""
