"""From mixed, noisy evidence to findings, gates, a verdict and questions; offline."""
