"""What support asks first, and what only Microsoft can answer: the keys that catalogue entries refer to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

USUAL_QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "which-app": "Which app, slot, plan and region is it?",
        "which-worker": "Which instance was it, and does it happen on the others?",
        "when": "When exactly, in UTC, did it begin and end?",
        "what-changed": "What was changed or deployed before?",
        "app-or-platform": "Is it the application or the platform?",
        "known-incident": "Is there a known platform incident?",
        "resources": "Were CPU, memory, handles, threads or disk exhausted?",
        "neighbours": "What do the other apps of the plan use?",
        "requests": "Which requests fail, with which status and duration?",
        "hang": "What do the threads wait for?",
        "crash": "Which process crashed, with which exception or signal?",
        "memory": "What fills the memory?",
        "cpu": "What burns the CPU?",
        "start": "Why does the app or container not start?",
        "network": "Which connection fails, from which worker, how?",
        "storage": "Is the content share slow, lost or corrupt?",
        "configuration": "How is the app configured?",
        "logging": "Which logs exist, and where do they go?",
        "K1": "Was the worker rebooted, moved or live-migrated?",
        "K2": "Was there a bugcheck or panic, and which?",
        "K3": "What did the OOM killer and memory reclaim do?",
        "K4": "What happened in the storage stack?",
        "K5": "Were SNAT or TCP ports exhausted?",
        "K6": "Was there packet loss or a network fault of the host?",
        "K7": "What did the sandbox deny?",
        "K8": "What did the kernel spend CPU on?",
        "K9": "Does the kernel leak handles or pool?",
        "K10": "Did the clock jump?",
        "K11": "Did a neighbour on the host take CPU?",
        "K12": "Did an agent or update run on the worker?",
        "K13": "What did the front end decide?",
        "K14": "What did the container runtime report?",
        "K15": "Which policy refused tracing?",
        "K16": "Is this kernel version known to be faulty?",
    }
)
"""K1 to K16: questions for Microsoft; an entry that names one gathers what is visible of it from outside."""
