"""Segment microscope images by teaching a U-Net."""

__version__ = "0.1.0"
