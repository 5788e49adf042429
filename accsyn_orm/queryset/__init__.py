"""Lazy, immutable descriptions of finds: lookups, Q, query sets, managers, paging."""
