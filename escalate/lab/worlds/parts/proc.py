"""Files of /proc and of the cgroup as a container of a Linux plan reads them: most tell of the whole worker."""

from __future__ import annotations

from collections.abc import Mapping


def memory_sample(
    *,
    total_kb: int,
    available_kb: int,
    some: tuple[float, float, float],
    full: tuple[float, float, float],
    stall_us: int,
    scanned: int,
    swapped: int,
    slab_kb: int = 180_224,
) -> Mapping[str, str]:
    """One sample; `some` and `full` are avg10, avg60, avg300 of memory pressure."""
    return {
        "/proc/version": (
            "Linux version 5.15.158.2-1.cm2 (root@CBL-Mariner) (gcc (GCC) 11.2.0, GNU ld (GNU Binutils) 2.37) "
            "#1 SMP Tue May 28 19:30:37 UTC 2024\n"
        ),
        "/proc/loadavg": "1.92 1.71 1.40 3/412 20711\n",
        "/proc/meminfo": (
            f"MemTotal:        {total_kb} kB\nMemFree:          {available_kb // 3} kB\n"
            f"MemAvailable:     {available_kb} kB\nBuffers:            2104 kB\n"
            f"Cached:           {available_kb // 2} kB\n"
            f"SwapTotal:       4194300 kB\nSwapFree:        {4_194_300 - swapped * 4} kB\n"
            f"Slab:             {slab_kb} kB\nSReclaimable:      40960 kB\nSUnreclaim:       {slab_kb - 40_960} kB\n"
        ),
        "/proc/pressure/memory": _pressure(some, full, stall_us),
        "/proc/pressure/io": _pressure((4.1, 2.2, 1.3), (3.0, 1.6, 0.9), stall_us // 9),
        "/proc/pressure/cpu": "some avg10=3.11 avg60=2.80 avg300=2.02 total=81234567\n",
        "/proc/vmstat": (
            f"nr_free_pages {available_kb // 12}\nnr_zone_inactive_anon 61022\npswpin {swapped // 2}\n"
            f"pswpout {swapped}\npgscan_direct {scanned}\nallocstall_movable {scanned // 250}\noom_kill 0\n"
        ),
        "/sys/fs/cgroup/memory.events": "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n",
        "/sys/fs/cgroup/memory.max": "max\n",
    }


def _pressure(some: tuple[float, float, float], full: tuple[float, float, float], total: int) -> str:
    return "".join(
        f"{name} avg10={share[0]:.2f} avg60={share[1]:.2f} avg300={share[2]:.2f} total={amount}\n"
        for name, share, amount in (("some", some, total), ("full", full, total * 4 // 5))
    )
