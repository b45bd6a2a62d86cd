"""The naive deployment to compare with, at two settings (tests/lab/baseline)."""
import os

from . import conf
from .net import VIP

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "baseline")
SETTINGS = {
    "usual": {"ADVERT": "1", "INTERVAL": "2", "FALL": "2"},
    "fast": {"ADVERT": "0.2", "INTERVAL": "1", "FALL": "1"},  # the fastest that is still sensible
}


def read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def write_files(host, setting):
    text = read("keepalived.conf")
    values = dict(SETTINGS[setting], INTERFACE="eth0", VIP=VIP + "/24", PRIORITY=str(102 - host.server_id))
    for key, value in values.items():
        text = conf.put(text, r"\$" + key, value)
    host.write("etc/keepalived/keepalived.conf", text)
    for name in ("check.sh", "notify.sh"):
        host.write("etc/keepalived/" + name, read(name), 0o755)
