"""The app: controls, one call, pictures. Pages call inspection, models and training, and draw."""
