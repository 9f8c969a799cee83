"""Known values: which are looked for, and what configuration gives away."""

from __future__ import annotations

import json

import pytest

from escalate.case import private
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.redact import stage
from escalate.redact.known import is_worth_searching, values_in_config
from escalate.redact.learn import learn
from escalate.redact.stop_list import STOP_RULES, stop_list, why_not
from escalate.redact.unsearched import is_plain_name

KEY = "Qm9vS2V5" + "x7Zk2vT9bLw5nYd8RfHc1PgUeAoSiMtXzBjVhKlE0aA=="


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
        "RD0003FF47609F",
        "waws-prod-am2-123",
        "user-3fa9c1",
    ],
)
def test_a_value_that_means_much_else_is_not_looked_for(value: str):
    assert not is_worth_searching(value, ("shop-prod-1",))
    assert why_not(value, ("shop-prod-1",)) in {rule.id for rule in STOP_RULES}


@pytest.mark.parametrize(
    "value",
    [
        "tr0ub4dor&3",
        "0c4b0575-0000-4000-8000-1bb295c770bc",
        "Summer2026!",
        "abcdefghijklmnop",
        "/Ab1/cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4==",
    ],
)
def test_a_distinctive_value_is(value: str):
    assert is_worth_searching(value)


def test_what_a_user_asks_for_is_looked_for_even_if_it_means_much_else():
    assert why_not("westeurope", ("westeurope",), asked=True) is None
    assert why_not("abc", asked=True) == "short"
    assert why_not("[R:PASSWORD:3FA9C1]", asked=True) == "our-mark"


def test_identifiers_of_the_platform_are_stopped_by_the_name_of_their_setting():
    assert why_not("a1b2c3d4e5f6", setting="WEBSITE_CONTENTSHARE") == "platform-setting"
    assert why_not("a1b2c3d4e5f6", setting="APPSETTING_WEBSITE_SITE_NAME") == "platform-setting"
    assert why_not("a1b2c3d4e5f6", setting="WEBSITE_AUTH_ENCRYPTION_KEY") is None


def test_the_stop_list_can_be_shown():
    entries = stop_list()
    assert len({entry.id for entry in entries}) == len(entries) == len(STOP_RULES)
    assert all(entry.title for entry in entries)


CONNECTION = f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={KEY};EndpointSuffix=core.windows.net"

CONFIGURATIONS = {
    "portal export": ('[{"name": "DB_PASSWORD", "slotSetting": false, "value": "tr0ub4dor&3"}]', "tr0ub4dor&3"),
    "az export": (json.dumps([{"value": CONNECTION, "name": "Files", "slotSetting": None}]), KEY),
    "ARM list": (
        json.dumps({"properties": {"Db": {"value": "Server=s;Password=tr0ub4dor&3", "type": "SQLAzure"}}}),
        "tr0ub4dor&3",
    ),
    "Kudu settings": (json.dumps({"SCM_DO_BUILD": "1", "MACHINEKEY_DecryptionKey": "tr0ub4dor&3"}), "tr0ub4dor&3"),
    "plain name, made by a machine": (json.dumps({"MY_THING": KEY}), KEY),
    "local.settings.json": (json.dumps({"IsEncrypted": False, "Values": {"AzureWebJobsStorage": CONNECTION}}), KEY),
    "appsettings.json": ('{ // notes\n "ConnectionStrings": {"Db": "Server=s;Pwd=tr0ub4dor&3;"},\n}', "tr0ub4dor&3"),
    "nested appsettings.json": (json.dumps({"Jwt": {"SigningKey": "tr0ub4dor&3"}}), "tr0ub4dor&3"),
    "launchSettings.json": (
        json.dumps({"profiles": {"x": {"environmentVariables": {"API_KEY": "tr0ub4dor&3"}}}}),
        "tr0ub4dor&3",
    ),
    "Kudu process": (
        json.dumps({"command_line": f"dotnet app.dll --password {KEY}", "environment_variables": {}}),
        KEY,
    ),
    "docker inspect": (json.dumps([{"Config": {"Env": ["PATH=/bin", "DB_PASSWORD=tr0ub4dor&3"]}}]), "tr0ub4dor&3"),
    ".env": ("A=1\nexport JWT_SECRET='tr0ub4dor&3'\nPORT=80\n", "tr0ub4dor&3"),
    "set of cmd": ("ALLUSERSPROFILE=C:\\x\r\nDB_PASSWORD=tr0ub4dor&3\r\n", "tr0ub4dor&3"),
    "environ": ("PATH=/bin\0DB_PASSWORD=tr0ub4dor&3\0HOME=/root\0", "tr0ub4dor&3"),
    "web.config settings": (
        '<configuration><appSettings><add key="AdminPassword" value="tr0ub4dor&amp;3" /></appSettings>',
        "tr0ub4dor&3",
    ),
    "web.config connections": (
        '<add name="Db" connectionString="Server=s;Password=tr0ub4dor&amp;3;" providerName="x"/>',
        "tr0ub4dor&3",
    ),
    "machineKey": ('<machineKey validationKey="tr0ub4dor&amp;3" decryptionKey="x" validation="SHA1"/>', "tr0ub4dor&3"),
    "publish profile": ('<publishProfile userName="$x" userPWD="tr0ub4dor&amp;3" />', "tr0ub4dor&3"),
    "compose": ("services:\n  db:\n    environment:\n      - POSTGRES_PASSWORD=tr0ub4dor&3\n", "tr0ub4dor&3"),
    "Kubernetes": ('env:\n  - name: DB_PASSWORD\n    value: "tr0ub4dor&3"\n', "tr0ub4dor&3"),
    "properties": ("spring.datasource.password=tr0ub4dor&3\n", "tr0ub4dor&3"),
    "php.ini": (
        'mysqli.default_pw = x\nsession.save_path = "tcp://r:6379?auth=x"\nmy.password = "tr0ub4dor&3"\n',
        "tr0ub4dor&3",
    ),
    "docker run": ("docker run -d -p 80:80 -e DB_PASSWORD=tr0ub4dor&3 -e X=1 image", "tr0ub4dor&3"),
    "docker run, quoted": ("docker run -e 'DB_PASSWORD=two words 22' image", "two words 22"),
    "java": ("java -Ddb.password=tr0ub4dor&3 -jar app.jar", "tr0ub4dor&3"),
    "link with a password": ("MONGO=mongodb://root:p%40ss%2Fw0rd@h:27017/x", "p@ss/w0rd"),
    "signed link": ("RUN_FROM=https://a.blob.core.windows.net/c/a.zip?sv=2024&sig=aB3%2FdEf4Gh&sp=r", "aB3/dEf4Gh"),
}


@pytest.mark.parametrize(("text", "secret"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_configuration_gives_its_secrets_in_every_form_it_comes_in(text: str, secret: str):
    assert secret in {value for value, _ in values_in_config(text)}


@pytest.mark.parametrize(
    "text",
    [
        '{"Logging": {"LogLevel": {"Default": "Information", "Microsoft.Hosting.Lifetime": "Warning"}}}',
        '{"name": "left-pad", "version": "1.3.0", "integrity": "sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA=="}',
        "TITLE=Contoso shop of the north\nASPNETCORE_URLS=http://*:8080\nGIT_SHA=4bf92f3577b34da6a3ce929d0e0e4736aabbccdd\n",
        '<dependentAssembly><assemblyIdentity name="A" publicKeyToken="b03f5f7f11d50a3a" /></dependentAssembly>',
    ],
)
def test_what_is_no_secret_is_not_learned(text: str):
    assert not list(values_in_config(text))


def test_a_secret_of_a_settings_file_goes_from_a_log_that_only_quotes_it(filled_case, leaving):
    case = filled_case(
        {
            "appsettings.json": json.dumps({"ConnectionStrings": {"Db": "Server=s;Password=tr0ub4dor&3x;"}}).encode(),
            "LogFiles/2026_04_04_docker.log": b"2026-04-04 05:58:45.058 INFO - docker run -d -e JWT_SIGNING=Zx81+spectrum img\n",
            "app.log": b"first try tr0ub4dor&3x, then tr0ub4dor%263x, then Zx81+spectrum\n",
        },
        kinds={"LogFiles/2026_04_04_docker.log": Kind.PLATFORM_LOG, "appsettings.json": Kind.CONFIG},
    )
    stage.run(case, QuietObserver())
    gone = leaving(case)
    assert b"tr0ub4dor" not in gone
    assert b"Zx81" not in gone


def test_settings_that_were_not_looked_for_are_named_with_the_reason_and_without_their_values(filled_case):
    case = filled_case({".env": b"WEBSITE_SITE_NAME=shop-of-jane\nDB_PASSWORD=changeme\nTITLE=Shop of the north\n"})
    private.add_known_values(case, [("westeurope", "REGION_SECRET")])
    _, learned = learn(
        case, stage.EvidenceDocument.model_validate_json((case.root / "evidence.json").read_bytes()), QuietObserver()
    )
    reasons = {one.name: one.reason for one in learned.unsearched}
    assert reasons == {
        "DB_PASSWORD": "word",
        "REGION_SECRET": "region",
        "TITLE": "no-secret",
        "WEBSITE_SITE_NAME": "platform-setting",
    }
    assert not learned.values


def test_the_document_names_what_was_not_looked_for_and_the_stop_list(filled_case):
    settings = b"DB_PASSWORD=Administrator\nTITLE=Shop of the north\nDATABASE_PASSWORD=tr0ub4dor&3x\n"
    case = filled_case({".env": settings + b"jane.doe@contoso.com=x1\nbWlsbGVyMjAyNg==\nQX7ab3Kd0=1\n"})
    document = stage.run(case, QuietObserver())
    said = {one.name: one.reason for one in document.unsearched}
    assert said == {"DB_PASSWORD": "stop:word", "TITLE": "stop:no-secret"}
    titles = {one.id: one.title for one in document.keep_list}
    assert set(said.values()) <= set(titles)
    assert {one.id for one in stop_list()} <= set(titles)
    report = (case.root / "redaction.json").read_text()
    for value in ("dministrator", "Shop of", "tr0ub4dor", "jane.doe", "bWlsbGVy", "QX7ab3Kd0"):
        assert value not in report


def test_a_name_that_is_a_secret_itself_is_not_listed_as_it_is(filled_case):
    case = filled_case({".env": b"falcon_nine=1\nOTHER=2\n"})
    private.add_words(case, {"falcon": "project"})
    names = [one.name for one in stage.run(case, QuietObserver()).unsearched]
    assert names[0] == "OTHER"
    assert not any("falcon" in name for name in names)


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "AzureWebJobsStorage", "Serilog:Args:0", "S3_KEY", "ProgramFiles(x86)"]
)
def test_a_name_of_words_is_listed(name: str):
    assert is_plain_name(name)


@pytest.mark.parametrize(
    "name", ["", "QmFzZTY0abc", "aB3xK9f", "q0Z1x/2T9b+A", "x" * 200, "müller", "4bf92f3577b34da6"]
)
def test_a_name_that_could_be_half_a_secret_is_not(name: str):
    assert not is_plain_name(name)
