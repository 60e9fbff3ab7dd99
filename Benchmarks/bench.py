# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The trice authors
"""What the benchmarks have in common: a root of their own, commands that are timed in it, and the kernel's floor."""

import ctypes
import glob
import json
import os
import re
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "../.build")
TRICE = os.path.realpath(os.environ.get("TRICE") or os.path.join(BUILD, "release/trice"))
IMAGES = os.path.realpath(os.environ.get("IMAGES") or os.path.join(BUILD, "images"))


def sleepers(count):
    services = {f"s{i}": {"image": "busybox:1", "command": ["sleep", "3600"], "init": True} for i in range(count)}
    # A network that nobody asks anything of has room for 253.
    roomy = {"default": {"ipam": {"config": [{"subnet": "10.213.0.0/20"}]}}} if count > 250 else {}
    return {"name": f"bench{count}", "services": services, "networks": roomy}


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.binary = TRICE
        # A network namespace of its own (CLONE_NEWNET): the supervisor hears of each change of the firewall, also of others'.
        if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:
            sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        # As /run is one on a host with systemd.
        os.makedirs(f"{folder}/run")
        subprocess.run(["mount", "-t", "tmpfs", "run", f"{folder}/run"], check=True)
        self.environment = os.environ | {"TRICE_ROOT": f"{folder}/root", "TRICE_RUN": f"{folder}/run"}
        self.trice("image", "load", "-q", "-i", f"{IMAGES}/busybox.tar")

    def close(self):
        """Takes down what a failure may have left up."""
        for project in glob.glob(f"{self.folder}/run/projects/*/"):
            name = os.path.basename(os.path.dirname(project))
            subprocess.run([TRICE, "-p", name, "--progress", "quiet", "down", "-t", "0"], env=self.environment)
        # Lazily: a supervisor that has taken its leave may be a moment in going.
        subprocess.run(["umount", "--lazy", f"{self.folder}/run"], check=True)

    def write(self, project):
        # JSON is YAML.
        path = f"{self.folder}/{project['name']}.yaml"
        with open(path, "w") as file:
            json.dump(project, file)
        return path

    def trice(self, *arguments):
        start = time.monotonic()
        done = subprocess.run([TRICE, "--progress", "quiet", *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        milliseconds = (time.monotonic() - start) * 1000
        if done.returncode != 0:
            sys.exit(f"trice {' '.join(arguments)} ended with {done.returncode}: {done.stderr.decode()[:1000]}")
        return milliseconds

    def peak(self, *arguments):
        """Milliseconds, and the most memory that was resident, in MB."""
        start = time.monotonic()
        process = subprocess.Popen([TRICE, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        message = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"trice {' '.join(arguments)} ended with {process.returncode}: {message}")
        return (time.monotonic() - start) * 1000, usage.ru_maxrss / 1024

    def memory(self):
        """Of all launchers and supervisors of this root, proportional (PSS), in MB."""
        total = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        return total / 1024

    def processes(self):
        """The pids of all launchers and supervisors of this root."""
        for file in glob.glob(f"{self.folder}/run/projects/*/*.pid"):
            with open(file) as record:
                yield int(re.search(r"\d+", record.read())[0])

    def containers(self, project):
        """The pid of the first process and the first address, by service."""
        found = {}
        for path in glob.glob(f"{self.folder}/root/projects/{project}/containers/*"):
            with open(f"{path}/state.json") as state, open(f"{path}/config.json") as config:
                record = json.load(state)
                found[json.load(config)["service"]] = (record["process"]["pid"], record["addresses"][0]["address"])
        return found

    def switches(self):
        """How often they have been given a processor."""
        total = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/status") as status:
                total += sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
        return total


def build_floor(folder):
    floor = f"{folder}/floor"
    subprocess.run(["gcc", "-O2", "-Wall", "-o", floor, f"{HERE}/floor.c"], check=True)
    return floor


def layer(bench):
    """The directory of the image's layer: the floor's root file system."""
    layers = f"{bench.folder}/root/images/layers"
    return f"{layers}/{os.listdir(layers)[0]}"


def keep(results):
    """Adds medians to those of the commit in Benchmarks/history, for `compare`.

    Each result is a name, a unit, trice's samples, and those of others (`floor`, `docker`) by their names.
    """
    commit, time_of = subprocess.check_output(["git", "-C", HERE, "show", "-s", "--format=%h %cI"], text=True).split()
    os.makedirs(f"{HERE}/history", exist_ok=True)
    path, kept = f"{HERE}/history/{commit}.json", {}
    if os.path.exists(path):
        with open(path) as file:
            kept = json.load(file)["results"]
    for name, unit, samples, others in results:
        kept[name] = {"unit": unit, "trice": statistics.median(samples)}
        kept[name] |= {other: statistics.median(theirs) for other, theirs in others.items() if theirs}
    with open(path, "w") as file:
        json.dump({"commit": commit, "time": time_of, "kernel": os.uname().release, "processors": os.cpu_count(),
                   "results": kept}, file, indent=1)
        file.write("\n")
