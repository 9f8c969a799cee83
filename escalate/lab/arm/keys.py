"""The publish profile of a site, and the keys of a function app; all made for this run of the lab."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal, answer
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.kudu.credentials import host_key, publishing_credentials

PAGE = 50
_FUNCTIONS = ("Timer", "Import")


def _publish_profile(ask: Ask) -> Response:
    user, password = publishing_credentials(ask.app)
    profiles = "".join(
        f"<publishProfile profileName={quoteattr(f'{ask.app.name} - {method}')} publishMethod={quoteattr(method)}"
        f" userName={quoteattr(user)} userPWD={quoteattr(password)}"
        f' mySQLDBConnectionString="" SQLServerDBConnectionString="" webSystem="WebSites"></publishProfile>'
        for method in ("MSDeploy", "FTP", "ZipDeploy")
    )
    return Response(f"<publishData>{profiles}</publishData>", content_type="application/xml")


def _host_keys(ask: Ask) -> Response:
    _check_functions(ask)
    keys = {
        "masterKey": host_key(ask.app, "master"),
        "functionKeys": {"default": host_key(ask.app, "default")},
        "systemKeys": {"durabletask_extension": host_key(ask.app, "durabletask")},
    }
    return answer(keys)


def _functions(ask: Ask) -> Response:
    found = []
    if _has_functions(ask):
        for name in _FUNCTIONS:
            one = ask.resource(f"functions/{name}", "sites/functions", {"name": name, "isDisabled": False})
            found.append({**one, "name": f"{ask.app.name}/{name}"})
    return ask.page(found, PAGE)


def _function_keys(ask: Ask) -> Response:
    _check_functions(ask)
    name = ask.args["function"]
    if name not in _FUNCTIONS:
        raise Refusal(404, "NotFound", f"The function {name} does not exist.")
    return answer({"default": host_key(ask.app, name)})


def _check_functions(ask: Ask) -> None:
    if not _has_functions(ask):
        raise Refusal(400, "BadRequest", "Encountered an error (NotFound) from host runtime.")


def _has_functions(ask: Ask) -> bool:
    return "functionapp" in ask.app.kind


ROUTES = (
    Route("POST", "site", "/publishxml", "Microsoft.Web/sites/publishxml/action", _publish_profile),
    Route("POST", "site", "/host/default/listkeys", "Microsoft.Web/sites/host/listkeys/action", _host_keys),
    Route("GET", "site", "/functions", "Microsoft.Web/sites/functions/read", _functions),
    Route(
        "POST",
        "site",
        "/functions/<function>/listkeys",
        "Microsoft.Web/sites/functions/listkeys/action",
        _function_keys,
    ),
)
