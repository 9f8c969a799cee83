"""Log Analytics and Application Insights: KQL as raw JSON, tables with columns and rows."""

from __future__ import annotations

from urllib.parse import quote

from escalate.azure.call import Answer, Call, require_path
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.session import Channel

WAIT_S = 180
"""The service is asked to give up by itself after that; its own limit is 10 minutes."""


class Logs:
    """One step's view of the query services."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def workspace(self, customer_id: str, kql: str, timespan: str) -> Answer:
        """Ask a workspace, by its customer id (a GUID); `timespan` is an ISO 8601 interval.

        Raises:
            AzureFailure: see `Channel.send`; an answer without tables; the cloud has no such service.
        """
        cloud = self.channel.cloud
        return self._ask(
            cloud.logs, f"/workspaces/{quote(customer_id, safe='')}/query", cloud.logs_audience, kql, timespan
        )

    def resource(self, resource_id: str, kql: str, timespan: str) -> Answer:
        """Ask all workspaces that a resource sends to, by its ARM id.

        Raises:
            AzureFailure: see `workspace`.
        """
        cloud = self.channel.cloud
        require_path(resource_id)
        return self._ask(cloud.logs, f"{quote(resource_id, safe='/')}/query", cloud.logs_audience, kql, timespan)

    def component(self, app_id: str, kql: str, timespan: str) -> Answer:
        """Ask an Application Insights component, by its app id (a GUID), with the classic table names.

        Raises:
            AzureFailure: see `workspace`.
        """
        cloud = self.channel.cloud
        return self._ask(
            cloud.insights, f"/apps/{quote(app_id, safe='')}/query", cloud.insights_audience, kql, timespan
        )

    def _ask(self, base: str, path: str, audience: str, kql: str, timespan: str) -> Answer:
        if not base:
            raise AzureFailure(Why.MISSING, f"the cloud {self.channel.cloud.name} names no such query service")
        answer = self.channel.send(
            Call(
                method="POST",
                url=base + path,
                audience=audience,
                headers={"Prefer": f"wait={WAIT_S}"},
                json={"query": kql, "timespan": timespan},
                read_s=WAIT_S + 20,
                again=True,  # a query changes nothing
            )
        )
        data = answer.json()
        if not isinstance(data, dict) or not isinstance(data.get("tables"), list):
            raise AzureFailure(Why.INVALID, f"{answer.url} answered without tables", status=answer.status)
        return answer  # also with `error` beside the tables: a partial result
