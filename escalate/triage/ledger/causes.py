"""The causes on the app's side, in the order in which a reader asks; ids are what rules name in `cause`."""

from __future__ import annotations

from escalate.model.kind import Kind
from escalate.triage.ledger.cause import Cause, asked
from escalate.triage.ledger.measures import (
    certificates,
    changes,
    connections,
    dependencies,
    disk,
    exceptions,
    garbage,
    handles,
    memory,
    name_servers,
    native,
    pools,
    ports,
    sign_in,
    starts,
)
from escalate.triage.ledger.measures.metric import metric

APP_LOGS = (Kind.CONTAINER_LOG, Kind.TEXT, Kind.EVENT_LOG, Kind.LOG_TABLE)
PLATFORM = (Kind.PLATFORM_LOG, Kind.LOG_TABLE, Kind.EVENT_LOG)

CAUSES = (
    Cause(
        "deployment",
        "a deployment or swap",
        "activity log and list of deployments, 10 min before the start",
        "az webapp log deployment list -g {group} -n {app}",
        (changes.deployment,),
    ),
    Cause(
        "change",
        "restart or configuration change by people or pipelines",
        "activity log, 10 min before the start",
        "az monitor activity-log list --resource-id {resource_id} --start-time {t0} --end-time {t1}",
        (asked("customer_action_near"),),
        sources=(Kind.ACTIVITY_LOG,),
    ),
    Cause(
        "scale",
        "scaling of the plan or a change of its size",
        "activity log, 10 min before the start",
        "az monitor activity-log list --resource-group {group} --start-time {t0} --end-time {t1}",
        (changes.scale,),
        sources=(Kind.ACTIVITY_LOG,),
    ),
    Cause(
        "exceptions",
        "a storm of exceptions in the app",
        "errors a minute in the app's logs, inside the window against before it",
        "az webapp log download --ids {resource_id} --log-file logs.zip",
        (exceptions.storm,),
        sources=APP_LOGS,
    ),
    Cause(
        "heap",
        "collection of garbage or a full heap of the runtime",
        "pauses in the GC log, texts of all logs",
        "in the SSH session of the worker: jcmd {pid} GC.heap_info (.NET: dotnet-counters collect -p {pid})",
        (garbage.pauses,),
        texts=(
            r"java\.lang\.OutOfMemoryError|System\.OutOfMemoryException|JavaScript heap out of memory|"
            r"Allowed memory size of \d+ bytes exhausted|GC overhead limit exceeded|\bMemoryError\b"
        ),
        rules=("L11", "L43", "L53"),
        sources=APP_LOGS,
    ),
    Cause(
        "thread-pool",
        "starvation of a thread pool",
        "busy threads against the minimum in texts, idle threads of pools in thread dumps",
        "in the SSH session of the worker, three times 10 s apart: escalate build local:{pid}",
        (pools.numbers, pools.idle_threads),
        rules=("T01", "L54", "W33"),
        sources=APP_LOGS,
    ),
    Cause(
        "deadlock",
        "deadlocked threads",
        "thread dumps",
        "in the SSH session of the worker: escalate build local:{pid}",
        (asked("deadlock"),),
    ),
    Cause(
        "lock",
        "threads that wait for one lock",
        "thread dumps and stacks",
        "in the SSH session of the worker: escalate build local:{pid}",
        (asked("lock_convoy"),),
    ),
    Cause(
        "memory",
        "memory that the apps use",
        "memory stall and MemAvailable samples, MemoryPercentage of the plan against the apps, the container's limit",
        "az monitor metrics list --resource PLAN_ID --metric MemoryPercentage --dimension Instance --interval PT1M "
        "--start-time {t0} --end-time {t1}",
        (memory.pressure, memory.of_the_plan, memory.container_limit),
    ),
    Cause(
        "cpu",
        "processor time that the apps use",
        "CpuPercentage of the plan",
        "az monitor metrics list --resource PLAN_ID --metric CpuPercentage --dimension Instance --interval PT1M "
        "--start-time {t0} --end-time {t1}",
        (metric("CpuPercentage", high=90, low=70, what="processor of the plan"),),
    ),
    Cause(
        "handles",
        "handles or open files of a process",
        "handle counts of processes, texts of all logs",
        "az rest --method get --url '{resource_id}/instances/INSTANCE_ID/processes/{pid}?api-version=2025-05-01'",
        (handles.handles,),
        texts=r"Too many open files|\bEMFILE\b|\bENFILE\b",
        sources=APP_LOGS,
    ),
    Cause(
        "limits",
        "sandbox limits (connections, threads, processes, pipes)",
        "sandbox counters",
        "https://{app}.scm.azurewebsites.net/api/environment (WEBSITE_COUNTERS_APP)",
        (asked("near_limit"),),
    ),
    Cause(
        "shared-limit",
        "another app of the plan",
        "connections, memory and processor of all apps of the worker",
        "https://{app}.scm.azurewebsites.net/api/environment, and the same for each app of the plan",
        (asked("sibling_share"), asked("heaviest_app", resource="memory"), asked("heaviest_app", resource="cpu")),
    ),
    Cause(
        "snat",
        "SNAT ports",
        "Failed and Used columns of the SNAT detector",
        "az rest --method get --url '{resource_id}/detectors/snatportexhaustion?api-version=2025-05-01"
        "&startTime={t0}&endTime={t1}'",
        (ports.snat,),
    ),
    Cause(
        "dns",
        "name resolution",
        "answers to queries in captures, texts of all logs",
        "in the SSH session of the worker: escalate build local --include network",
        (name_servers.answers,),
        sources=APP_LOGS,
    ),
    Cause(
        "dependency",
        "slow or unreachable dependency",
        "calls by target in Application Insights, handshakes in captures, texts of all logs",
        "az monitor app-insights query --app APP_INSIGHTS --analytics-query 'dependencies | where timestamp between "
        "(datetime({t0}) .. datetime({t1})) | summarize count(), countif(success == false), percentile(duration, 95) "
        "by target'",
        (dependencies.calls, connections.handshakes),
        sources=APP_LOGS,
    ),
    Cause(
        "disk",
        "disk full or quota reached",
        "df of the worker, texts of all logs",
        "in the SSH session of the worker: df -Pk / /home /tmp; df -Pi / /home",
        (disk.room,),
        texts=r"There is not enough space on the disk|[Nn]o space left on device|Disk quota exceeded",
        rules=("W30",),
        sources=APP_LOGS,
    ),
    Cause(
        "cold-start",
        "a start of the app",
        "starts in the platform log, inside the window and 5 min before it",
        "az webapp log download --ids {resource_id} --log-file logs.zip (YYYY_MM_DD_*_docker.log)",
        (starts.cold,),
        rules=("W01",),
        sources=PLATFORM,
    ),
    Cause(
        "auto-heal",
        "auto-heal or a recycle by rule",
        "texts of event log, platform log and detectors",
        "az webapp config show --ids {resource_id} --query '{on:autoHealEnabled,rules:autoHealRules}'",
        texts=r"(?i)auto-?heal(?:ing)? (?:triggered|restart|recycl|action)|worker process requested recycle",
        rules=("W18",),
        sources=(Kind.EVENT_LOG, Kind.PLATFORM_LOG),
    ),
    Cause(
        "certificate",
        "an ended certificate of the app",
        "ends of certificates in the evidence, texts of all logs",
        "az webapp config ssl list -g {group} --query '[].{name:subjectName,ends:expirationDate}'",
        (certificates.ends,),
        texts=(
            r"certificate has expired|CERT_HAS_EXPIRED|CertificateExpiredException|"
            r"remote certificate (?:is invalid|was rejected)|unable to get local issuer certificate|PKIX path"
        ),
        sources=APP_LOGS,
    ),
    Cause(
        "easy-auth",
        "the built-in authentication (Easy Auth)",
        "requests answered 401 or 403, its switch in the configuration, texts of its log",
        "az webapp auth show --ids {resource_id}",
        (sign_in.switched_off, sign_in.refused),
        texts=r"(?i)easyauth\S* .{0,80}\b(?:error|exception|failed|canceled)\b",
        sources=(Kind.CONTAINER_LOG, Kind.PLATFORM_LOG, Kind.EVENT_LOG, Kind.LOG_TABLE, Kind.TEXT),
    ),
    Cause(
        "storage",
        "credentials or network path of mounted storage",
        "a write to the mount in a transcript, texts of all logs",
        "in the SSH session of the worker: mount | grep -e cifs -e nfs; touch /home/probe && rm /home/probe",
        (asked("mount_write_fails"),),
        sources=APP_LOGS,
    ),
    Cause(
        "native",
        "a fault in native code of the app",
        "crashes in the same frame of one library",
        "set DOTNET_DbgEnableMiniDump=1 or ulimit -c, reproduce, then: escalate build FOLDER",
        (native.frames,),
    ),
)

WATCHED = (
    *(cause.texts for cause in CAUSES if cause.texts),
    changes.DEPLOYED,
    garbage.PAUSE,
    pools.NUMBERS,
    disk.USED,
    certificates.ENDS,
    sign_in.OFF,
)
"""Patterns that the pass looks for on behalf of the ledger."""
