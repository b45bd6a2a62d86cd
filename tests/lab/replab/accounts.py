"""System users of the hosts: the machine's and those that our programs need, in files of the host's own."""
import grp
import os
import pwd

# name -> (uid and gid, further groups). High numbers that no distribution hands out.
USERS = {"replcheck": (64611, ()), "replcheck-fence": (64612, ("mysql",)), "vmail": (64613, ())}


def uid(name):
    return USERS[name][0] if name in USERS else pwd.getpwnam(name).pw_uid


def gid(name):
    return USERS[name][0] if name in USERS else grp.getgrnam(name).gr_gid


def write(folder):
    """Writes passwd, shadow and group into `folder`, the upper layer of the host's /etc."""
    passwd, shadow, group = (_lines(f"/etc/{name}") for name in ("passwd", "shadow", "group"))
    for name, (number, further) in USERS.items():
        passwd = _without(passwd, name) + [f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin"]
        shadow = _without(shadow, name) + [f"{name}:!:19700::::::"]
        group = _without(group, name) + [f"{name}:x:{number}:"]
        for other in further:
            group = [_with_member(line, other, name) for line in group]
    for name, lines, mode in (("passwd", passwd, 0o644), ("shadow", shadow, 0o640), ("group", group, 0o644)):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        os.chmod(path, mode)


def _lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def _without(lines, name):
    return [line for line in lines if line.split(":")[0] != name]


def _with_member(line, group, user):
    fields = line.split(":")
    if fields[0] != group:
        return line
    members = [m for m in fields[3].split(",") if m and m != user] + [user]
    return ":".join(fields[:3] + [",".join(members)])
