"""Brings every file to the workspace, whole; a file that may have arrived in part gets another name."""

from __future__ import annotations

from escalate.azure.failure import Why
from escalate.azure.support_failure import SupportFailure
from escalate.azure.support_values import RemoteFile
from escalate.model.submission import CHUNK_BYTES, FileRecord, Phase, Upload
from escalate.model.ticket_names import file_name
from escalate.submit.filing import Filing
from escalate.submit.pinned import chunks_of, opened

MOST_NAMES = 9
"""Of one file in one workspace; each run may need a few when answers are lost."""


def upload_all(filing: Filing, workspace: str) -> None:
    """Every attachment of the request, confirmed by the server.

    Raises:
        SupportFailure: the server refuses, or does not answer.
        CaseError: a file is no longer what was approved.
    """
    for upload in filing.request.attachments:
        upload_file(filing, workspace, upload)
    if filing.state.phase is not Phase.FILES_DONE:
        filing.record("all files are on the server", phase=Phase.FILES_DONE)


def complete(files: tuple[FileRecord, ...], workspace: str, upload: Upload) -> FileRecord | None:
    """The record of the last try that brought it whole."""
    return next((each for each in reversed(_of(files, workspace, upload)) if each.is_complete), None)


def upload_file(filing: Filing, workspace: str, upload: Upload) -> None:
    """One pinned file, confirmed by the server; in a workspace that has it whole already nothing is sent.

    Raises:
        SupportFailure: the server refuses, or does not answer.
        CaseError: the file is no longer what was approved.
    """
    tries = filing.tries()
    while True:
        there = {each.name: each for each in filing.read(lambda: filing.support.files(workspace))}
        known = complete(filing.state.files, workspace, upload)
        if known is not None and known.name in there:
            return
        try:
            _attempt(filing, workspace, upload, there)
        except SupportFailure as failure:
            tries.wait_after(failure)


def _attempt(filing: Filing, workspace: str, upload: Upload, there: dict[str, RemoteFile]) -> None:
    record = _usable(filing, workspace, upload, there)
    if not record.declare_answered:
        if record.name not in there:
            filing.support.declare_file(
                workspace, record.name, size=upload.size, chunk_size=min(CHUNK_BYTES, upload.size), chunks=record.chunks
            )
        record = record.model_copy(update={"declare_answered": True})
        filing.record_file(f"file {record.name} is declared", record)
    with opened(filing.case, upload) as file, filing.observer.task(f"upload {record.name}", upload.size) as task:
        for index in range(record.chunks):
            content = file.read(CHUNK_BYTES)
            if index not in record.done:
                record = _send(filing, record, index, content)
            task.advance(len(content))


def _send(filing: Filing, record: FileRecord, index: int, content: bytes) -> FileRecord:
    about = f"chunk {index + 1} of {record.chunks} of {record.name}"
    record = record.model_copy(update={"sent": (*record.sent, index)})
    filing.record_file(f"about to send {about}", record)
    try:
        filing.support.upload_chunk(record.workspace, record.name, index, content)
    except SupportFailure as failure:
        if not failure.may_have_acted:
            unsent = record.model_copy(update={"sent": tuple(each for each in record.sent if each != index)})
            filing.record_file(f"the server did not take {about}", unsent)
        raise
    record = record.model_copy(update={"done": (*record.done, index)})
    filing.record_file(f"the server has {about}", record)
    return record


def _usable(filing: Filing, workspace: str, upload: Upload, there: dict[str, RemoteFile]) -> FileRecord:
    """The record to go on with, else one under the next free name.

    Nothing in the API's contract says that a chunk may be sent twice, or tells which chunks came. So a file with a
    chunk whose answer was lost, or that stands on the server without our knowing of its chunks, is left behind.
    """
    tried = _of(filing.state.files, workspace, upload)
    if tried and not _in_doubt(tried[-1], there, upload):
        return tried[-1]
    taken = {each.name.casefold() for each in tried} | {name.casefold() for name in there}
    attempt = 1
    while file_name(upload.name, attempt).casefold() in taken:
        attempt += 1
    if attempt > MOST_NAMES:
        raise SupportFailure(Why.INVALID, f"the server did not keep {upload.name} under {attempt - 1} names")
    record = FileRecord(
        path=upload.path, workspace=workspace, name=file_name(upload.name, attempt), chunks=chunks_of(upload.size)
    )
    filing.record_file(f"about to declare file {record.name}", record)
    return record


def _in_doubt(record: FileRecord, there: dict[str, RemoteFile], upload: Upload) -> bool:
    if record.is_complete or set(record.sent) - set(record.done):
        return True  # complete, but no longer on the server, else it would not be asked about
    found = there.get(record.name)
    if found is None:
        return record.declare_answered
    return (found.size is not None and found.size != upload.size) or (
        found.chunks is not None and found.chunks != record.chunks
    )


def _of(files: tuple[FileRecord, ...], workspace: str, upload: Upload) -> list[FileRecord]:
    return [each for each in files if each.workspace == workspace and each.path == upload.path]
