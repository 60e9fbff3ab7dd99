// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The commands and flags of docker compose 5.6.1 as `docker compose COMMAND --help` lists them; a flag's short name after
/// it. `--dry-run`, which each command has, stands with the options before the command only.
let dockerComposeCommands: [(command: String, flags: [String])] = [
    (
        "",
        [
            "--all-resources", "--ansi", "--compatibility", "--dry-run", "--env-file", "--file -f", "--parallel",
            "--profile", "--progress", "--project-directory", "--project-name -p",
        ]
    ),
    ("attach", ["--detach-keys", "--index", "--no-stdin", "--sig-proxy"]),
    ("bridge", []),
    (
        "build",
        [
            "--build-arg", "--builder", "--check", "--memory -m", "--no-cache", "--print", "--provenance", "--pull",
            "--push", "--quiet -q", "--sbom", "--ssh", "--with-dependencies",
        ]
    ),
    ("commit", ["--author -a", "--change -c", "--index", "--message -m", "--pause -p"]),
    (
        "config",
        [
            "--environment", "--format", "--hash", "--images", "--lock-image-digests", "--models", "--networks",
            "--no-consistency", "--no-env-resolution", "--no-interpolate", "--no-normalize", "--no-path-resolution",
            "--output -o", "--profiles", "--quiet -q", "--resolve-image-digests", "--services", "--variables",
            "--volumes",
        ]
    ),
    ("cp", ["--all", "--archive -a", "--follow-link -L", "--index"]),
    (
        "create",
        [
            "--build", "--force-recreate", "--no-build", "--no-recreate", "--pull", "--quiet-pull", "--remove-orphans",
            "--scale", "--yes -y",
        ]
    ),
    ("down", ["--remove-orphans", "--rmi", "--timeout -t", "--volumes -v"]),
    ("events", ["--json", "--since", "--until"]),
    ("exec", ["--detach -d", "--env -e", "--index", "--no-tty -T", "--privileged", "--user -u", "--workdir -w"]),
    ("export", ["--index", "--output -o"]),
    ("images", ["--format", "--quiet -q"]),
    ("kill", ["--remove-orphans", "--signal -s"]),
    (
        "logs",
        [
            "--follow -f", "--index", "--no-color", "--no-log-prefix", "--since", "--tail -n", "--timestamps -t",
            "--until",
        ]
    ),
    ("ls", ["--all -a", "--filter", "--format", "--quiet -q"]),
    ("pause", []),
    ("port", ["--index", "--protocol"]),
    ("ps", ["--all -a", "--filter", "--format", "--no-trunc", "--orphans", "--quiet -q", "--services", "--status"]),
    ("publish", ["--app", "--oci-version", "--resolve-image-digests", "--with-env", "--yes -y"]),
    ("pull", ["--ignore-buildable", "--ignore-pull-failures", "--include-deps", "--policy", "--quiet -q"]),
    ("push", ["--ignore-push-failures", "--include-deps", "--quiet -q"]),
    ("restart", ["--no-deps", "--timeout -t"]),
    ("rm", ["--force -f", "--stop -s", "--volumes -v"]),
    (
        "run",
        [
            "--build", "--cap-add", "--cap-drop", "--detach -d", "--entrypoint", "--env -e", "--env-from-file",
            "--interactive -i", "--label -l", "--name", "--no-deps", "--no-tty -T", "--publish -p", "--pull",
            "--quiet -q", "--quiet-build", "--quiet-pull", "--remove-orphans", "--rm", "--service-ports -P",
            "--use-aliases", "--user -u", "--volume -v", "--workdir -w",
        ]
    ),
    ("scale", ["--no-deps"]),
    ("start", ["--wait", "--wait-timeout"]),
    ("stats", ["--all -a", "--format", "--no-stream", "--no-trunc"]),
    ("stop", ["--timeout -t"]),
    ("top", []),
    ("unpause", []),
    (
        "up",
        [
            "--abort-on-container-exit", "--abort-on-container-failure", "--always-recreate-deps", "--attach",
            "--attach-dependencies", "--build", "--detach -d", "--exit-code-from", "--force-recreate", "--menu",
            "--no-attach", "--no-build", "--no-color", "--no-deps", "--no-log-prefix", "--no-recreate", "--no-start",
            "--pull", "--quiet-build", "--quiet-pull", "--remove-orphans", "--renew-anon-volumes -V", "--scale",
            "--timeout -t", "--timestamps", "--wait", "--wait-timeout", "--watch -w", "--yes -y",
        ]
    ),
    ("version", ["--format -f", "--short"]),
    ("volumes", ["--format", "--quiet -q"]),
    ("wait", ["--down-project"]),
    ("watch", ["--no-up", "--prune", "--quiet"]),
]
