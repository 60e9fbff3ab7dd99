# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The trice authors
"""A Docker engine of the benchmark's own, beside trice: below a directory of the caller's, and in a network namespace of its own,
so that neither's packets pass the other's firewall."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time

DOCKERD, DOCKER = "/usr/sbin/dockerd", "/usr/bin/docker"
PATIENCE = 60  # seconds until it answers


class Docker:
    def __init__(self, bench):
        if shutil.which(DOCKERD) is None:
            sys.exit(f"{DOCKERD} is not there: make setup installs it")
        self.folder = f"{bench.folder}/docker"
        os.makedirs(self.folder)
        self.host = f"{self.folder}/docker.sock"
        with open(f"{self.folder}/log", "w") as log:
            self.process = subprocess.Popen(
                ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh",
                 DOCKERD, "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec", "-H", f"unix://{self.host}",
                 "--pidfile", f"{self.folder}/pid"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.wait()
            image = f"{self.folder}/busybox.tar"
            bench.trice("image", "save", "-o", image, "busybox:1")
            self("load", "-q", "-i", image)
        except BaseException:
            self.close()
            raise

    def wait(self):
        """Until it takes requests: its socket comes last."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket(socket.AF_UNIX) as client:
                try:
                    return client.connect(self.host)
                except OSError:
                    time.sleep(0.05)
        with open(f"{self.folder}/log") as log:
            sys.exit(f"dockerd does not answer: {''.join(log.readlines()[-5:])}")

    def __call__(self, *arguments):
        done = subprocess.run([DOCKER, "-H", f"unix://{self.host}", *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"docker {' '.join(arguments)} ended with {done.returncode}: {done.stderr[:1000]}")
        return done.stdout.strip()

    def run(self, name, *options):
        """Starts a container that sleeps. Returns the pid of its first process, and its address."""
        self("run", "-d", "--name", name, *options, "busybox:1", "sleep", "3600")
        form = "{{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        pid, address = self("inspect", "-f", form, name).split()
        return int(pid), address

    def close(self):
        """Ends it with all that it runs, and takes down what it has mounted."""
        if self.process.poll() is None:
            containers = subprocess.run([DOCKER, "-H", f"unix://{self.host}", "ps", "-aq"], capture_output=True, text=True)
            if containers.stdout:
                subprocess.run([DOCKER, "-H", f"unix://{self.host}", "rm", "-f", *containers.stdout.split()],
                               stdout=subprocess.DEVNULL)
            self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        with open("/proc/self/mounts") as mounts:
            ours = [line.split()[1] for line in mounts if line.split()[1].startswith(f"{self.folder}/")]
        for mount in reversed(ours):
            subprocess.run(["umount", "--lazy", mount], check=True)
