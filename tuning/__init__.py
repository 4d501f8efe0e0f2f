"""Which settings are best: search spaces, and KerasTuner's searches with every trial in its own process."""
