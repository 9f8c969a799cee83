"""The rules of the ticket API, one file a kind of field: the client checks nothing, so everything is checked here."""

from escalate.submit.fields.problem import Problem
from escalate.submit.fields.request import problems

__all__ = ["Problem", "problems"]
