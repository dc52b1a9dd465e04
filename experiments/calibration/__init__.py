"""Fits the market study's parameters to recorded markets: ``python -m shoal.experiments.calibration --data FOLDER``."""
