"""Escalate: from a sick Azure App Service to a support case that is answered in one round."""

__version__ = "0.1.0"
