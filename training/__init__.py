"""How it learns: strategy, the one loop, objectives, callbacks, runs, recipes and the command line."""
