"""Virtual users as a mail server has them: their data, and Postfix's and Dovecot's ways to ask for it."""
import os
import shutil

from . import conf
from .database import APPLICATION

ACCOUNT = "ada@example.org"
DOVECOT_CONF = """\
protocols =
ssl = no
log_path = /dev/stderr
mail_location = maildir:~/
passdb {
  driver = sql
  args = /etc/dovecot/dovecot-sql.conf.ext
}
userdb {
  driver = sql
  args = /etc/dovecot/dovecot-sql.conf.ext
}
"""
LAB_SQL = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "mail-rows.sql")


def load(lab):
    """Loads everything on the first node; it reaches the second by replication."""
    user, password = APPLICATION
    lab.mx1.sql(conf.sample("mail/schema.sql"))
    with open(LAB_SQL, encoding="utf-8") as file:
        lab.mx1.sql(file.read())
    # Two host parts: through the segment, and through a server's own socket.
    for place in (lab.plan.accounts, "localhost"):
        lab.mx1.sql(f"CREATE USER '{user}'@'{place}' IDENTIFIED BY '{password}';"
                    f"GRANT SELECT, INSERT, UPDATE, DELETE ON mail.* TO '{user}'@'{place}';"
                    f"GRANT SELECT, INSERT, UPDATE, DELETE ON lab.* TO '{user}'@'{place}'")
    lab.mx2.wait_for(lab.mx1)
    lab.mx1.wait_for(lab.mx2)


def write_lookups(host):
    """The samples of conf/mail with this node's values, as an administrator installs them."""
    peer = "mx2" if host.name == "mx1" else "mx1"
    if host.plan.version == 4:  # neither Postfix nor Dovecot takes an IPv6 address here, but a name
        peer = host.plan.addresses[peer]
    for name in ("mailboxes", "aliases", "domains"):
        text = conf.sample(f"mail/postfix-{name}.cf")
        text = conf.put(text, "hosts", f"unix:/run/mysqld/mysqld.sock inet:{peer}:3306")
        host.write(f"etc/postfix/mysql-{name}.cf", conf.put(text, "password", APPLICATION[1]), 0o640)
    text = conf.sample("mail/dovecot-sql.conf.ext")
    text = text.replace("password=changeme", "password=" + APPLICATION[1]).replace(" host=192.0.2.12 ", f" host={peer} ")
    host.write("etc/dovecot/dovecot-sql.conf.ext", text, 0o640)
    host.write("etc/dovecot/dovecot.conf", DOVECOT_CONF)
    for name in ("dynamicmaps.cf", "master.cf"):
        # A laboratory without Postfix is good for all but its lookups.
        if os.path.exists("/etc/postfix/" + name):
            shutil.copy("/etc/postfix/" + name, host.path("etc/postfix", name))
    host.write("etc/postfix/main.cf", f"""\
compatibility_level = 3.6
myhostname = {host.name}.example.org
mydestination =
virtual_mailbox_domains = mysql:/etc/postfix/mysql-domains.cf
virtual_mailbox_maps = mysql:/etc/postfix/mysql-mailboxes.cf
virtual_alias_maps = mysql:/etc/postfix/mysql-aliases.cf
""")


def start_dovecot(host):
    return host.start("dovecot", ["dovecot", "-F"])


def postfix_lookup(host, address=ACCOUNT, timeout_s=10):
    """What Postfix's own map says: the maildir."""
    done = host.exec(["postmap", "-q", address, "mysql:/etc/postfix/mysql-mailboxes.cf"], timeout=timeout_s)
    return done.stdout.strip()


def dovecot_lookup(host, address=ACCOUNT, timeout_s=10):
    """What Dovecot's authentication service says: the user's fields. Needs start_dovecot()."""
    return host.exec(["doveadm", "auth", "lookup", address], timeout=timeout_s).stdout
