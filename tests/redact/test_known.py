"""Known values: which are looked for, and what configuration gives away."""

from __future__ import annotations

import pytest

from escalate.redact.known import is_worth_searching, values_in_config


@pytest.mark.parametrize(
    "value",
    [
        "short",
        "true",
        "production",
        "westeurope",
        "West Europe",
        "12345678901",
        "/home/site/wwwroot",
        "shop-prod-1",
        "https://example.net/path",
        "@Microsoft.KeyVault(SecretUri=https://v/s)",
        "/subscriptions/x/y",
        "postgres",
        "********",
    ],
)
def test_a_value_that_means_much_else_is_not_looked_for(value: str):
    assert not is_worth_searching(value, ("shop-prod-1",))


@pytest.mark.parametrize(
    "value", ["tr0ub4dor&3", "0c4b0575-0000-4000-8000-1bb295c770bc", "Summer2026!", "abcdefghijklmnop"]
)
def test_a_distinctive_value_is(value: str):
    assert is_worth_searching(value)


def test_settings_exports_and_env_files_give_their_secrets():
    export = (
        '[{"name": "DB_PASSWORD", "slotSetting": false, "value": "p1"},'
        ' {"value": "p2", "name": "ApiKey"}, {"name": "A", "value": "x"}]'
    )
    assert set(values_in_config(export)) == {("p1", "DB_PASSWORD"), ("p2", "ApiKey")}
    assert set(values_in_config('{"Smtp": {"Password": "p3", "Host": "h"}}')) == {("p3", "Password")}
    assert set(values_in_config("A=1\nexport JWT_SECRET='p4'\nPORT=80\n")) == {("p4", "JWT_SECRET")}
