"""How the support service says no."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal, answer


class NameRefusal(Refusal):
    """400 in the envelope of the recorded answer, in PascalCase, which azure-core does not read."""

    def __init__(self, message: str) -> None:
        super().__init__(400, "InvalidData", message)

    def response(self) -> Response:
        """As recorded by the CLI's test_support_tickets."""
        return answer(
            {
                "Error": {
                    "Code": self.code,
                    "Message": self.message,
                    "Target": None,
                    "InnerError": None,
                    "Details": [],
                }
            },
            self.status,
        )


class UnregisteredRefusal(Refusal):
    """409: the subscription was never registered for the provider. ARM says so before the provider is asked."""

    def __init__(self) -> None:
        super().__init__(
            409,
            "MissingSubscriptionRegistration",
            "The subscription is not registered to use namespace 'Microsoft.Support'. "
            "See https://aka.ms/rps-not-found for how to register subscriptions.",
        )

    def response(self) -> Response:
        """With ARM's details; what the client's automatic registration looks for."""
        error = {"code": self.code, "message": self.message}
        return answer(
            {"error": {**error, "details": [{**error, "target": "Microsoft.Support"}]}}, self.status, self.headers
        )


def invalid(message: str) -> Refusal:
    """400: a value of the payload is missing or wrong."""
    return Refusal(400, "InvalidParameterValue", message)


def malformed(message: str) -> Refusal:
    """400: the payload has another shape than the operation's."""
    return Refusal(400, "JsonDeserializationError", message)


def denied(message: str) -> Refusal:
    """400: the ticket is closed, or somebody works on it."""
    return Refusal(400, "UpdateOperationDenied", message)


def absent(kind: str, name: str) -> Refusal:
    """404."""
    return Refusal(404, "ResourceNotFound", f"The resource '{kind}/{name}' was not found.")
