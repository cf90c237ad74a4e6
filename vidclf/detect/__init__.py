"""Images in, boxes out: what is where in a picture."""
