#!/usr/bin/env python3
"""The definitions in conf/monitoring: read by the real Nagios and Icinga 2, each command of NRPE's run, and a check
executed by a running Nagios. The supervisor is played by this test. What is not installed is skipped."""
import contextlib
import grp
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

from case_fixture import PATIENCE_S, Skip, case, expect, expect_in, run_cases
from cli_fixture import NOT_BUILT, PLUGIN, answer_check, are_built, read, supervisor, write

HERE = os.path.dirname(os.path.abspath(__file__))
CONF = os.path.join(HERE, "../../conf/monitoring")
INSTALLED = "/usr/lib/nagios/plugins/check_mysql_replcheck"


def program(name):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if not path:
        raise Skip(f"{name} is not installed")
    return path


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="replcheck-monitoring-") as path:
        os.chmod(path, 0o755)
        yield path


def played(path):
    """Answers each check by a line that names its mode."""
    return supervisor(f"{path}/socket", lambda request: answer_check(
        exit=1, line=f"REPLCHECK played {request['mode']} | 'lag'=2s;1;5;0", details=["a detail"]), once=True)


# NRPE -----------------------------------------------------------------------------------------------------


def nrpe_commands():
    found = re.findall(r"^command\[(\w+)\]=(.*)$", read(f"{CONF}/nrpe.cfg"), re.M)
    return dict(found)


@case
def each_command_of_nrpe_runs():
    """NRPE runs a command line by a shell; what stands there is what is run."""
    with folder() as path, played(path) as requests:
        for name, line in nrpe_commands().items():
            words = shlex.split(line)
            expect(f"program of {name}", words[0], INSTALLED)
            done = subprocess.run([PLUGIN, "--socket", f"{path}/socket", *words[1:]], capture_output=True, text=True,
                                  check=False, timeout=PATIENCE_S)
            mode = name.removeprefix("replcheck").removeprefix("_") or "all"
            expect(f"mode of {name}", requests[-1]["mode"], mode)
            expect_in(name, done.stdout, f"REPLCHECK played {mode}")


@case
def services_ask_for_commands_that_exist():
    asked = re.findall(r"check_replcheck_nrpe!(\w+)", read(f"{CONF}/nagios.cfg"))
    expect("commands of Nagios's services", sorted(asked), sorted(nrpe_commands()))


# Nagios ---------------------------------------------------------------------------------------------------


# What every Nagios has besides.
OTHERS = """
define command {
    command_name    always_up
    command_line    /bin/true
}
define timeperiod {
    timeperiod_name never
    alias           never
}
define contact {
    contact_name                    nobody
    host_notifications_enabled      0
    service_notifications_enabled   0
    host_notification_period        never
    service_notification_period     never
    host_notification_commands      always_up
    service_notification_commands   always_up
}
"""

HOST = """
define host {{
    host_name           {name}
    address             192.0.2.{number}
    max_check_attempts  1
    check_command       always_up
    check_interval      5
}}
"""

# The sample's services go over NRPE, which nobody answers here; this one asks on the spot, as nagios.cfg has it.
LOCAL = """
define service {
    host_name               mx1
    service_description     on the spot
    check_command           check_replcheck_local!lag
    check_interval          1
    retry_interval          1
    max_check_attempts      2
}
"""


def nagios_config(path, running):
    write(f"{path}/hosts.cfg", mode=0o644, text=OTHERS + HOST.format(name="mx1", number=11) + HOST.format(name="mx2", number=12)
          + (LOCAL if running else ""))
    sample = read(f"{CONF}/nagios.cfg")
    if running:
        sample = sample.replace("$USER1$/check_mysql_replcheck -m", f"{PLUGIN} --socket {path}/socket -m")
    write(f"{path}/replcheck.cfg", mode=0o644, text=sample)
    write(f"{path}/resource.cfg", mode=0o644, text="$USER1$=/usr/lib/nagios/plugins\n")
    for name in ("results", "archives", "tmp"):
        os.makedirs(f"{path}/{name}", exist_ok=True)
    user = pwd.getpwuid(os.geteuid()).pw_name
    write(f"{path}/nagios.cfg", mode=0o644, text=f"""
log_file={path}/nagios.log
cfg_file={path}/hosts.cfg
cfg_file={path}/replcheck.cfg
resource_file={path}/resource.cfg
object_cache_file={path}/objects.cache
precached_object_file={path}/objects.precache
status_file={path}/status.dat
status_update_interval=1
nagios_user={user}
nagios_group={user}
check_external_commands=0
command_file={path}/nagios.cmd
query_socket={path}/nagios.qh
lock_file={path}/nagios.lock
temp_file={path}/nagios.tmp
temp_path={path}/tmp
log_archive_path={path}/archives
check_result_path={path}/results
state_retention_file={path}/retention.dat
retain_state_information=0
use_syslog=0
interval_length=1
service_inter_check_delay_method=n
host_inter_check_delay_method=n
check_for_updates=0
""")
    return f"{path}/nagios.cfg"


@case
def nagios_reads_the_definitions():
    nagios = program("nagios4")
    with folder() as path:
        done = subprocess.run([nagios, "-v", nagios_config(path, running=False)], capture_output=True, text=True,
                              check=False, timeout=PATIENCE_S)
        expect_in("what it says", done.stdout, "Checked 18 services", "Total Errors:   0")
        expect("exit code", done.returncode, 0)


@case
def nagios_would_find_a_mistake():
    nagios = program("nagios4")
    with folder() as path:
        config = nagios_config(path, running=False)
        write(f"{path}/replcheck.cfg", mode=0o644, text=read(f"{path}/replcheck.cfg").replace("check_replcheck_nrpe!replcheck_vip", "nothing!x"))
        done = subprocess.run([nagios, "-v", config], capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        expect("exit code", done.returncode, 1)


def service_status(path, description):
    """The members of a service in Nagios's status file; {} while there is none."""
    with contextlib.suppress(OSError):
        for block in re.findall(r"servicestatus \{(.*?)\n\t\}", read(f"{path}/status.dat"), re.S):
            members = dict(line.strip().split("=", 1) for line in block.splitlines() if "=" in line)
            if members.get("service_description") == description:
                return members
    return {}


@case
def a_running_nagios_executes_a_check():
    nagios = program("nagios4")
    with folder() as path, played(path):
        running = subprocess.Popen([nagios, nagios_config(path, running=True)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            end = time.monotonic() + PATIENCE_S
            status = {}
            while "REPLCHECK" not in status.get("plugin_output", "") and time.monotonic() < end:
                if running.poll() is not None:
                    raise AssertionError("Nagios ended: " + read(f"{path}/nagios.log")[-2000:])
                time.sleep(0.1)
                status = service_status(path, "on the spot")
            expect("output", status.get("plugin_output"), "REPLCHECK played lag")
            expect("performance data", status.get("performance_data"), "'lag'=2s;1;5;0")
            expect("state", status.get("current_state"), "1")
        finally:
            running.terminate()
            running.wait(PATIENCE_S)


# Icinga 2 -------------------------------------------------------------------------------------------------


ICINGA = """
const PluginDir = "/usr/lib/nagios/plugins"
include <itl>
include "replcheck.conf"
object Endpoint NodeName { }
object Zone "master" { endpoints = [ NodeName ] }
object Host "mx1" {
  check_command = "dummy"
  zone = "master"
  vars.agent_endpoint = NodeName
  vars.replcheck_modes = [ "all", "writer", "lag", "threads", "gtid", "offsets", "vip", "quorum", "readiness" ]
}
object Host "pair" {
  check_command = "dummy"
  vars.replcheck_servers = [ "mx1=192.0.2.11", "mx2=192.0.2.12" ]
  vars.replcheck_extra_opts = "@/etc/icinga2/replcheck.ini"
  vars.replcheck_modes = [ "writer", "lag" ]
}
object Host "another" {
  check_command = "dummy"
}
"""


def icinga_reads(path, sample):
    icinga = program("icinga2")
    write(f"{path}/replcheck.conf", mode=0o644, text=sample)
    write(f"{path}/icinga2.conf", mode=0o644, text=ICINGA)
    user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    places = [word for name in ("CacheDir", "DataDir", "LogDir", "SpoolDir", "InitRunDir")
              for word in ("-D", f"Configuration.{name}={path}/{name}")]
    for name in ("CacheDir", "DataDir", "LogDir", "SpoolDir", "InitRunDir"):
        os.makedirs(f"{path}/{name}", exist_ok=True)
    return subprocess.run([icinga, "daemon", "-C", "-c", f"{path}/icinga2.conf", "-D", "NodeName=test", "-D",
                           f"Configuration.RunAsUser={user}", "-D", f"Configuration.RunAsGroup={group}", *places],
                          capture_output=True, text=True, check=False, timeout=PATIENCE_S)


@case
def icinga_reads_the_definitions():
    with folder() as path:
        done = icinga_reads(path, read(f"{CONF}/icinga2.conf"))
        expect_in("what it says", done.stdout + done.stderr, "Instantiated 11 Services", "Finished validating")
        expect("exit code", done.returncode, 0)


@case
def icinga_would_find_a_mistake():
    with folder() as path:
        done = icinga_reads(path, read(f"{CONF}/icinga2.conf").replace('check_command = "mysql_replcheck"',
                                                                      'check_command = "nothing"'))
        expect("exit code", done.returncode, 1)


@case
def icinga_knows_every_option():
    """Each option of its command is one of the plugin's, and each of the plugin's that takes a value is there."""
    text = read(os.path.join(HERE, "../../plugin/options.c"))
    plugins = set(re.findall(r'\{"([a-z-]+)", (?:required|no)_argument', text)) | {"extra-opts"}
    icingas = set(re.findall(r'"--([a-z-]+)" =', read(f"{CONF}/icinga2.conf")))
    expect("options", plugins - icingas, {"help", "version", "program"})
    expect("options that the plugin does not have", icingas - plugins, set())


if __name__ == "__main__":
    sys.exit(run_cases() if are_built(PLUGIN) else NOT_BUILT)
