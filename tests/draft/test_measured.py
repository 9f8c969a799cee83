from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from escalate.case.layout import Room
from escalate.draft.facts import Facts
from escalate.draft.measured import Series, metrics_of, samples_of
from escalate.draft.panels_svg import PANELS, compared, panels
from escalate.model.base import ArtifactId
from escalate.model.incident import Window
from escalate.model.kind import Kind
from escalate.model.redaction import Packed, Sealed
from escalate.model.survey import Worker
from tests.fakes.triaged_case import INSTANCE_ID, WORKER, Pieces, at, customer

WINDOW = Window(start=at(5, 55), end=at(6, 2))
OTHER = "10-30-0-104"


def metrics(name: str, unit: str, values: dict[str, list[float]], aggregation: str = "average") -> bytes:
    """A metric as ARM answers it, one time series a worker."""
    series = [
        {
            "metadatavalues": [{"name": {"value": "instance"}, "value": worker}],
            "data": [
                {"timeStamp": f"{at(5, 50) + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ}", aggregation: value}
                for n, value in enumerate(numbers)
            ],
        }
        for worker, numbers in values.items()
    ]
    return json.dumps({"value": [{"name": {"value": name}, "unit": unit, "timeseries": series}]}).encode()


def with_file(pieces: Pieces, folder: Path, data: bytes, **more: object):
    """A case with one more sealed file, of metrics."""
    first = next(one for one in pieces.redaction.items if isinstance(one, Sealed))
    fields = {"artifact": ArtifactId("a7"), "path": "azure/metrics/x.json", "kind": Kind.METRICS, "size": len(data)}
    item = first.model_copy(update={**fields, "instance": None, **more})
    redaction = pieces.redaction.model_copy(update={"items": (*pieces.redaction.items, item)})
    workers = (Worker(arm_id=INSTANCE_ID, machine=WORKER, metric="RD00METRIC"),)
    collected = pieces.collected.model_copy(update={"workers": workers})
    case = replace(pieces, redaction=redaction, collected=collected).write(folder / "case")
    with case.new_file(Room.REDACTED, item.path) as handle:
        handle.write(data)
    return case


def test_metrics_of_each_worker_are_read_under_the_name_people_use(tmp_path: Path):
    data = metrics("CpuPercentage", "Percent", {"RD00METRIC": [90.0, 95.0], OTHER: [10.0, 12.0]})
    found = {one.worker: one for one in metrics_of(with_file(customer(), tmp_path, data))}
    assert set(found) == {WORKER, OTHER}
    assert found[WORKER].measure == "CpuPercentage"
    assert [value for _, value in found[WORKER].points] == [90.0, 95.0]
    assert found[WORKER].points[0][0] == at(5, 50)


def test_damaged_packed_and_monstrous_files_are_not_drawn_and_do_no_harm(tmp_path: Path):
    data = metrics("CpuPercentage", "Percent", {OTHER: [1.0, 2.0, 3.0]})
    cut = metrics_of(with_file(customer(), tmp_path / "cut", data[: len(data) - 60]))
    assert all(len(one.points) < 3 for one in cut)
    assert metrics_of(with_file(customer(), tmp_path / "noise", b"\xff\xfe{]" * 50)) == ()
    assert metrics_of(with_file(customer(), tmp_path / "big", data, size=10**9)) == ()
    assert metrics_of(with_file(customer(), tmp_path / "packed", data, packed=Packed(size=1, crc32=0))) == ()


def test_samples_that_evidence_cites_become_series(tmp_path: Path):
    found = {one.measure: one for one in samples_of(Facts.load(customer().write(tmp_path / "case")))}
    assert [round(value / 1e6) for _, value in found["Memory available"].points] == [514, 503, 500]


def series(measure: str, worker: str | None, *values: float, unit: str = "Percent") -> Series:
    return Series(measure, unit, worker, tuple((at(5, 50) + timedelta(minutes=n), one) for n, one in enumerate(values)))


def test_the_measure_in_which_the_sick_differ_most_comes_first():
    many = [
        series("a", WORKER, 50, 50),
        series("a", OTHER, 50, 50),
        series("b", WORKER, 90, 90),
        series("b", OTHER, 1, 1),
    ]
    drawn, left_out = panels(many, (WORKER,), WINDOW)
    assert [one.measure for one in drawn] == ["b", "a"]
    assert left_out == 0
    assert drawn[0].svg.count('class="line sick"') == 1
    assert drawn[0].svg.count('class="line well"') == 1


def test_without_a_healthy_side_nobody_is_called_sick():
    both = [series("a", WORKER, 1, 2), series("a", OTHER, 3, 4)]
    assert compared(both, (WORKER, OTHER)) == ((), ())
    assert "line alone" in panels(both, (WORKER, OTHER), WINDOW)[0][0].svg


def test_a_month_of_thirty_workers_makes_few_small_pictures():
    month = [
        Series(
            f"m{n}",
            "Bytes",
            f"w{worker}",
            tuple((at(0, 0) + timedelta(minutes=k - 40_000), k * 1e7) for k in range(43_000)),
        )
        for n in range(20)
        for worker in range(2)
    ]
    drawn, left_out = panels(month, ("w0",), WINDOW)
    assert len(drawn) == PANELS
    assert left_out == 20 - PANELS
    assert all(len(one.svg) < 20_000 for one in drawn)
    assert drawn[0].unit == "GB"


def test_one_point_is_no_line_and_points_far_from_the_window_are_not_drawn():
    assert panels([series("a", WORKER, 1)], (), WINDOW) == ((), 0)
    late = Series("a", "Count", WORKER, tuple((at(23, minute), 1.0) for minute in range(9)))
    assert panels([late], (), WINDOW) == ((), 0)


def test_hostile_names_of_workers_and_measures_stay_text():
    name = '"><script>alert(1)</script>'
    (panel,), _ = panels([Series(name, name, name, series("a", None, 1, 2).points)], (name,), WINDOW)
    assert "<script" not in panel.svg
