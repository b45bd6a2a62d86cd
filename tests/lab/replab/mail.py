"""The data of the laboratory: virtual users as a mail server has them, and the tables of the recorders."""
import os

from . import conf
from .database import APPLICATION

LAB_SQL = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "mail-rows.sql")


def load(lab):
    """Loads everything on the first node; it reaches the second by replication."""
    user, password = APPLICATION
    lab.mx1.sql(conf.sample("mail/schema.sql"))
    with open(LAB_SQL, encoding="utf-8") as file:
        lab.mx1.sql(file.read())
    # Two host parts: through the segment, and through a server's own socket.
    for place in ("192.0.2.%", "localhost"):
        lab.mx1.sql(f"CREATE USER '{user}'@'{place}' IDENTIFIED BY '{password}';"
                    f"GRANT SELECT, INSERT, UPDATE, DELETE ON mail.* TO '{user}'@'{place}';"
                    f"GRANT SELECT, INSERT, UPDATE, DELETE ON lab.* TO '{user}'@'{place}'")
    lab.mx2.wait_for(lab.mx1)
    lab.mx1.wait_for(lab.mx2)
