"""The files of the demo data: a few small ones in the folder that plays the default volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FILES"]


def _frame(shot: str, number: int) -> bytes:
    return f"{shot} frame {number}\n".encode() * (number % 7 + 1)


FILES: Mapping[str, Mapping[str, bytes]] = {
    "projects": {
        "incoming/readme.txt": b"Put what you deliver here.\n",
        "incoming/vendor/reel_01.mov": b"reel 01\n" * 40,
        **{
            f"thefilm/plates/SHOT0010/SHOT0010_plate.{number}.exr": _frame("SHOT0010", number)
            for number in range(1001, 1005)
        },
        "thefilm/SHOT0010/SHOT0010_v001.mov": b"SHOT0010 v001\n" * 64,
        "thefilm/SHOT0010/notes/comp.txt": b"Roto is missing in frame 1003.\n",
        **{
            f"thefilm/trailer/trailer_v{number:03d}.mov": b"trailer\n" * 16 * number for number in range(1, 6)
        },
        "homes/lisa/invoice.pdf": b"%PDF-1.4 one page\n",
        "homes/emma/todo.txt": b"Order disks.\n",
    }
}
