"""Volumes, folders, homes and collections over the wire: out of use, back, and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from accsyn_orm.sandbox import Sandbox

LISA = "lisa@example.com"


@pytest.fixture
def admin(floor: Any) -> Any:
    return floor.admin


class Tree:
    """A volume with a folder, a collection and Lisa's home below it, each of which she is granted."""

    def __init__(self, admin: Any) -> None:
        self.admin = admin
        self.lisa = admin.ids("user", f"code={LISA}")[0]
        self.volume = admin.create("volume", name="Short", paths={"linux": "/mnt/short"})["id"]
        self.folder = admin.create("share", name="Inside", parent=self.volume, path="inside")["id"]
        self.home = admin.create("home", user=self.lisa, parent=self.volume)["id"]
        self.collection = admin.create(
            "share", type="collection", name="Selects", parent=self.volume, files=["volume=short/a.mov"]
        )["id"]
        for share in self.shares:
            data = {"entity": f"user:{self.lisa}", "target": f"share:{share}", "read": True}
            admin.result("POST", "acl/create", data)

    @property
    def shares(self) -> list[str]:
        return [self.volume, self.folder, self.home, self.collection]

    def active(self, **data: Any) -> list[str]:
        found = self.admin.ids("share", **data)
        return [share for share in self.shares if share in found]

    def granted(self, **data: Any) -> list[str]:
        found = {row["target"] for row in self.admin.find("acl", f"entity=user:{self.lisa}", **data)}
        return [share for share in self.shares if f"share:{share}" in found]

    def switch(self, kind: str, identity: str, *, on: bool) -> None:
        method, uri = ("POST", "activate") if on else ("DELETE", "deactivate")
        assert self.admin.result(method, f"{kind}/{uri}", {}, id=identity) is True


@pytest.fixture
def tree(admin: Any) -> Tree:
    return Tree(admin)


def test_a_deactivated_volume_takes_all_below_it_along_and_brings_it_back(tree: Tree) -> None:
    assert tree.active() == tree.granted() == tree.shares
    tree.switch("volume", tree.volume, on=False)
    assert tree.active() == tree.granted() == []
    assert tree.active(inactive=True) == tree.granted(inactive=True) == tree.shares
    tree.switch("volume", tree.volume, on=True)
    assert tree.active() == tree.granted() == tree.shares


def test_what_was_out_of_use_before_its_volume_stays_so(tree: Tree) -> None:
    tree.switch("folder", tree.folder, on=False)
    tree.switch("user", tree.lisa, on=False)
    tree.switch("volume", tree.volume, on=False)
    message = tree.admin.refused(400, "POST", "folder/activate", {}, id=tree.folder)
    assert "'short'" in message
    tree.switch("volume", tree.volume, on=True)
    assert tree.active() == [tree.volume, tree.collection]
    tree.switch("user", tree.lisa, on=True)
    assert tree.active() == tree.granted() == [tree.volume, tree.home, tree.collection]
    tree.switch("folder", tree.folder, on=True)
    assert tree.active() == tree.granted() == tree.shares


def test_a_home_comes_back_when_both_its_user_and_its_volume_are_back(tree: Tree) -> None:
    tree.switch("volume", tree.volume, on=False)
    tree.switch("user", tree.lisa, on=False)
    tree.switch("volume", tree.volume, on=True)
    assert tree.home not in tree.active()
    tree.switch("user", tree.lisa, on=True)
    assert tree.active() == tree.granted() == tree.shares


def test_homes_and_jobs_are_not_deactivated(tree: Tree) -> None:
    message = tree.admin.refused(400, "DELETE", "home/deactivate", {}, id=tree.home)
    assert "deactivate its user" in message
    tree.admin.refused(400, "POST", "home/activate", {}, id=tree.home)
    job = tree.admin.create("transfer", name="t")["id"]
    assert "cannot be" in tree.admin.refused(400, "DELETE", "transfer/deactivate", {}, id=job)


def using(tree: Tree, how: str) -> dict[str, Any]:
    """Return a job that uses a share in one of the ways in which a path may name one."""
    local = "john@user.com:/mnt/short/a"
    ways: dict[str, dict[str, Any]] = {
        "by volume": {"tasks": [{"source": "volume=short/inside/a", "destination": f"{LISA}:in/"}]},
        "by folder": {"tasks": [{"source": local, "destination": "folder=inside/a"}]},
        "by share": {"tasks": ["a", f"share={tree.folder}/a"]},
        "by home": {"tasks": [f"home={LISA}/a"]},
        "by collection": {"tasks": ["collection=selects/a.mov"]},
        "by absolute path": {"tasks": ["/mnt/short/inside/a"]},
        "by key": {"tasks": [{"source": {"path": "a", "s": tree.folder}}]},
        "by party": {"destination": f"share:{tree.folder}"},
        "elsewhere": {"tasks": ["volume=projects/inside/a", {"source": local}]},
        "not there": {"tasks": ["folder=nowhere/a", "/mnt/other/a", {"source": "..:null"}]},
        "with no path": {},
    }
    return ways[how]


USES = {
    "by volume": {"volume"},
    "by folder": {"volume", "folder"},
    "by share": {"volume", "folder"},
    "by home": {"volume"},
    "by collection": {"volume", "collection"},
    "by absolute path": {"volume"},
    "by key": {"volume", "folder"},
    "by party": {"volume", "folder"},
    "elsewhere": set[str](),
    "not there": set[str](),
    "with no path": set[str](),
}


@pytest.mark.parametrize("how", USES)
def test_a_share_that_an_active_job_uses_stays_in_use(tree: Tree, how: str) -> None:
    admin = tree.admin
    if how == "by home":
        # The path `home=` names Lisa's own one, which is on this volume.
        assert admin.ids("home", f"user={tree.lisa}") == [tree.home]
    job = admin.create("transfer", name="t", **using(tree, how))["id"]
    for kind in ("folder", "collection", "volume"):
        identity = getattr(tree, kind)
        answer = admin.ask("DELETE", f"{kind}/deactivate", {}, id=identity)
        assert (admin.status == 400) is (kind in USES[how]), (kind, answer)
        if admin.status == 400:
            assert job in answer["message"]
            admin.edit("transfer", job, status="aborted")
            assert admin.result("DELETE", f"{kind}/deactivate", {}, id=identity) is True
            admin.result("POST", f"{kind}/activate", {}, id=identity)
            admin.edit("transfer", job, status="waiting")


def test_compute_jobs_use_shares_too(tree: Tree) -> None:
    job = tree.admin.create("compute", name="c", input="volume=short/a.nk", output="volume=projects/out")[
        "id"
    ]
    assert job in tree.admin.refused(400, "DELETE", "volume/deactivate", {}, id=tree.volume)


def test_a_deleted_volume_leaves_aborted_jobs_and_its_files(tree: Tree, floor: Any) -> None:
    admin = tree.admin
    disk = floor.sandbox.disk.volume("short")
    kept = floor.write("inside/a", folder=disk)
    job = admin.create("transfer", name="t", tasks=["folder=inside/a"])["id"]
    other = admin.create("transfer", name="t", tasks=["volume=projects/a"])["id"]
    admin.refused(400, "DELETE", "volume/deactivate", {}, id=tree.volume)
    assert admin.result("DELETE", "volume/delete", None, id=tree.volume) is True
    assert admin.find("transfer", f"id={job}", finished=True)[0]["status"] == "aborted"
    assert admin.ids("transfer", f"id={other}") == [other]
    for share in tree.shares:
        assert admin.result("GET", "share/find", {}, id=share) == []
    assert tree.granted() == tree.granted(inactive=True) == []
    assert kept.exists()


@pytest.mark.parametrize("data", [None, {"force": True}])
def test_the_default_volume_stays(admin: Any, data: Any) -> None:
    volume = admin.ids("volume", "default=true")[0]
    assert "default volume" in admin.refused(400, "DELETE", "volume/delete", data, id=volume)


def test_a_folder_is_deleted_when_no_active_job_uses_it_or_by_force(tree: Tree) -> None:
    admin = tree.admin
    job = admin.create("transfer", name="t", tasks=["folder=inside/a"])["id"]
    for data in (None, {}, {"force": False}):
        assert job in admin.refused(400, "DELETE", "folder/delete", data, id=tree.folder)
    assert "'force'" in admin.refused(400, "DELETE", "folder/delete", {"force": "yes"}, id=tree.folder)
    assert admin.result("DELETE", "folder/delete", {"force": True}, id=tree.folder) is True
    assert admin.find("transfer", f"id={job}", finished=True)[0]["status"] == "aborted"
    assert tree.active() == [share for share in tree.shares if share != tree.folder]
    assert tree.folder not in tree.granted()


@pytest.mark.parametrize("kind", ["folder", "collection", "volume"])
def test_a_deactivated_share_is_brought_back_by_creating_it_again(tree: Tree, kind: str) -> None:
    admin, identity = tree.admin, getattr(tree, kind)
    (before,) = admin.find(kind, f"id={identity}")
    assert "already" in admin.refused(400, "POST", f"{kind}/create", {"name": before["name"]})
    tree.switch(kind, identity, on=False)
    again = admin.create(kind, name=before["name"].upper(), description="again")
    assert (again["id"], again["code"], again["description"]) == (identity, before["code"], "again")
    assert identity in tree.active()


def test_a_home_is_named_after_its_user(admin: Any) -> None:
    user = admin.create("user", code="homely@example.com")["id"]
    assert admin.create("home", user="homely@example.com")["code"] == "homely@example.com"
    assert "already" in admin.refused(400, "POST", "home/create", {"user": user})
    assert admin.create("home", user=user, name="Second")["code"] == "second"


def test_grants_are_out_of_use_with_the_share_for_its_files_too(
    tree: Tree, floor: Any, connect: Any, sandbox: Sandbox
) -> None:
    lisa = connect(sandbox, "standard")
    floor.write("inside/a", folder=sandbox.disk.volume("short"))
    ask = {"op": "exists", "path": "folder=inside/a"}
    assert lisa.result("GET", "workspace/file", ask) is True
    tree.switch("volume", tree.volume, on=False)
    lisa.ask("GET", "workspace/file", ask)
    assert lisa.status != 200
    tree.switch("volume", tree.volume, on=True)
    assert lisa.result("GET", "workspace/file", ask) is True


@pytest.fixture
def sandbox(floor: Any) -> Sandbox:
    sandbox: Sandbox = floor.sandbox
    return sandbox
