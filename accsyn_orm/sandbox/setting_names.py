"""
The names of settings that the accsyn documentation (settings) mentions, with what the sandbox takes as their defaults.

The documentation's own tables of defaults are not at hand: the values here are choices, and names that are not among
these are taken as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["API_KEYS", "CHOICES", "DEFAULTS"]

# Ours: whether `user/api_key` answers, which a real workspace has switched off by default.
API_KEYS = "sandbox_api_keys"

DEFAULTS: Mapping[str, str] = {
    "transfer_speedlimit": "0",
    "transfer_mode": "copy",
    "transfer_ignore_existing": "false",
    "transfer_include": "",
    "transfer_exclude": "",
    "transfer_resume": "true",
    "transfer_reserved_space": "0",
    "transfer_attributes": "true",
    "transfer_concurrent": "1",
    "transfer_comparison": "size",
    "transfer_log": "false",
    "task_bucketsize": "1",
    "job_max_retries": "3",
    "job_autoretray_delay_s": "60",
    "job_on_missing": "fail",
    "job_done_actions": "",
    "compute_avoid": "enable-clear-on-resume",
    "queue_interrupt_policy_compute": "",
    "share_cache_scan_depth": "0",
    "client_compute_lanes": "1",
    "proxy_server": "",
    API_KEYS: "true",
}

CHOICES: Mapping[str, tuple[str, ...]] = {
    "transfer_mode": ("copy", "onewaysync"),
    "compute_avoid": ("enable-clear-on-resume", "enable-permanent", "disable"),
    API_KEYS: ("true", "false"),
}
