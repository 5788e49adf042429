"""
One request, one response.

This room turns a call into an HTTP request and an HTTP response into a result. It knows the protocol and no
entity: names and payloads pass through as they are.
"""

from __future__ import annotations
