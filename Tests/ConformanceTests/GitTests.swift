// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

/// Files that stand in a Git repository, which a daemon serves on the loopback of a network namespace of its own.
@Suite(.enabled(if: Binary.exists)) struct GitTests {
    /// Makes `served/r.git`, serves it, and runs the script's own arguments.
    private static let serve = """
        set -eu
        ip link set lo up
        git init -q -b main made
        mkdir made/sub
        echo 'services: {web: {image: x, env_file: web.env}}' >made/compose.yaml
        echo 'A=1' >made/web.env
        echo 'services: {web: {image: x, portss: []}}' >made/sub/bad.yaml
        ln -s /etc/passwd made/sub/out.yaml
        mkdir made/linked
        ln -s /etc/passwd made/linked/compose.yaml
        git -C made add -A
        git -C made -c user.name=a -c user.email=a@example.com commit -qm first
        git -C made tag v1
        git clone -q --bare made served/r.git
        mkfifo said
        git daemon --verbose --log-destination=stderr --listen=127.0.0.1 --export-all --base-path="$PWD/served" 2>said &
        daemon=$!
        exec 3<said
        read -r ready <&3
        status=0
        XDG_CACHE_HOME="$PWD/cache" "$@" || status=$?
        kill "$daemon"
        exit "$status"
        """

    private func run(_ scratch: Scratch, _ arguments: [String]) throws -> Binary.Run {
        try Binary.run(
            ["unshare", "--map-root-user", "--net", "sh", "-c", Self.serve, "sh"] + arguments, in: scratch.directory)
    }

    @Test(
        "include takes a file of a repository",
        arguments: ["git://127.0.0.1/r.git", "git://127.0.0.1/r.git#v1", "git://127.0.0.1/r.git#main:compose.yaml"])
    func including(address: String) throws {
        let scratch = try Scratch()
        try scratch.write("include: ['\(address)']\n", to: "compose.yaml")
        let result = try run(scratch, [Binary.path, "config", "--format", "json"])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains(#""A": "1""#), "\(result.output)")
    }

    @Test("extends and -f take one too, and what is there is not fetched again")
    func other() throws {
        let scratch = try Scratch()
        try scratch.write(
            "services: {a: {extends: {file: 'git://127.0.0.1/r.git', service: web}}}\n", to: "compose.yaml")
        let script = """
            \(Binary.path) config --images && \(Binary.path) -p p -f git://127.0.0.1/r.git config --services
            ls cache/trice/git | wc -l
            """
        let result = try run(scratch, ["sh", "-c", script])
        #expect(result.status == 0)
        #expect(result.output == "x\nweb\n1\n")
    }

    @Test(
        "What cannot be had is said at its place, and nothing stays of it",
        arguments: [
            (
                "git://127.0.0.1/r.git#none",
                "1:11: error: cannot get 'git://127.0.0.1/r.git#none': the repository has no branch or tag 'none'"
            ),
            (
                "git://127.0.0.1/none.git",
                "1:11: error: cannot get 'git://127.0.0.1/none.git': reading git://127.0.0.1/none.git failed"
            ),
            ("git://127.0.0.1/r.git#main:none", "the repository has no 'none'"),
            ("git://127.0.0.1/r.git#main:sub", "there is no Compose file in 'sub'"),
            ("git://127.0.0.1/r.git#main:../x", "leads out of the repository"),
            ("git://127.0.0.1/r.git#main:sub/out.yaml", "leads out of the repository"),
            ("git://127.0.0.1/r.git#main:linked", "leads out of the repository"),
            ("git://127.0.0.1/r.git#main:sub/bad.yaml", "sub/bad.yaml:1:28: error: unknown key 'portss'"),
            ("git://127.0.0.1/r.git#0123456789012345678901234567890123456789", "git fetch failed"),
            ("https://example.com/x", "the address of a Git repository ends in .git"),
            ("oci://localhost:1/x", "1:11: error: cannot get 'oci://localhost:1/x'"),
        ])
    func failures(address: String, message: String) throws {
        let scratch = try Scratch()
        try scratch.write("include: ['\(address)']\n", to: "compose.yaml")
        let result = try run(
            scratch, ["sh", "-c", "\(Binary.path) config -q; code=$?; ls cache/trice/git | grep -F . ; exit $code"])
        #expect(result.status == 1)
        #expect(result.output.contains(message), "\(result.output)")
        #expect(!result.output.contains("\n0123456789012345678901234567890123456789."), "a part of a repository stays")
    }

    @Test(
        "COMPOSE_EXPERIMENTAL_GIT_REMOTE switches them off",
        arguments: [("false", "switched off"), ("x", "must be true or false")])
    func switchedOff(value: String, message: String) throws {
        let scratch = try Scratch()
        try scratch.write("include: ['git://127.0.0.1/r.git']\n", to: "compose.yaml")
        let result = try Binary.run(
            ["env", "COMPOSE_EXPERIMENTAL_GIT_REMOTE=\(value)", Binary.path, "config", "-q"], in: scratch.directory)
        #expect(result.status == 1)
        #expect(result.output.contains(message), "\(result.output)")
    }
}
