// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Glibc
import Linux

/// Repositories that Compose files name, checked out once a commit below `$XDG_CACHE_HOME/trice/git`, by the program `git`.
struct GitCache: Sendable {
    /// Seconds that one run of git may take.
    private static let patience = 60
    private let environment: [String: String]

    init(environment: [String: String]) {
        self.environment = environment
    }

    /// The file in the repository: itself, or the Compose file of the directory.
    func file(_ reference: GitReference) throws(FetchFailure) -> String {
        try checkEnabled()
        let (root, commit) = try checkout(reference)
        let name = reference.path ?? "."
        let path = Path.cleaned("\(root)/\(name)")
        guard isInside(path, root) else { throw FetchFailure("'\(name)' leads out of the repository") }
        guard exists(path) else { throw FetchFailure("the repository has no '\(name)' at \(commit.prefix(12))") }
        guard let file = composeFile(at: path) else {
            throw FetchFailure(
                "there is no Compose file in '\(name)' at \(commit.prefix(12))",
                hint: "name one after the reference: #main:path/compose.yaml")
        }
        try checkInside(file, root, name)
        return file
    }

    /// A directory of the repository: what a build has as its context.
    func folder(_ reference: GitReference) throws(FetchFailure) -> String {
        let (root, commit) = try checkout(reference)
        let name = reference.path ?? "."
        let path = Path.cleaned("\(root)/\(name)")
        guard isInside(path, root) else { throw FetchFailure("'\(name)' leads out of the repository") }
        guard exists(path) else { throw FetchFailure("the repository has no '\(name)' at \(commit.prefix(12))") }
        try checkInside(path, root, name)
        return path
    }

    private func checkout(_ reference: GitReference) throws(FetchFailure) -> (root: String, commit: String) {
        let commit = try commit(reference)
        let root = try CacheDirectory.path("git", environment) + "/" + commit
        if !exists(root) { try checkOut(reference.repository, commit, to: root) }
        return (root, commit)
    }

    /// Links within the repository may lead anywhere.
    private func checkInside(_ path: String, _ root: String, _ name: String) throws(FetchFailure) {
        guard let real = realpath(path, nil) else { throw FetchFailure("\(SystemError("realpath", path))") }
        defer { free(real) }
        guard isInside(String(cString: real), root) else { throw FetchFailure("'\(name)' leads out of the repository") }
    }

    private func isInside(_ path: String, _ root: String) -> Bool { path == root || path.hasPrefix(root + "/") }

    private func checkEnabled() throws(FetchFailure) {
        guard let text = environment["COMPOSE_EXPERIMENTAL_GIT_REMOTE"], !text.isEmpty else { return }
        guard let isOn = truthValue(text) else {
            throw FetchFailure("COMPOSE_EXPERIMENTAL_GIT_REMOTE is '\(text)', and must be true or false")
        }
        if !isOn { throw FetchFailure("files in Git repositories are switched off by COMPOSE_EXPERIMENTAL_GIT_REMOTE") }
    }

    /// The commit that the reference stands for now.
    private func commit(_ reference: GitReference) throws(FetchFailure) -> String {
        let name = reference.reference ?? "HEAD"
        if Self.isCommit(name) { return name }
        guard !name.hasPrefix("-") else { throw FetchFailure("'\(name)' is no name of a branch or tag") }
        let (status, output) = try git(["ls-remote", "--exit-code", "--", reference.repository, name])
        guard status != .exited(2) else { throw FetchFailure("the repository has no branch or tag '\(name)'") }
        try Self.require(status, output, "reading \(reference.repository)")
        // `COMMIT<tab>NAME`, after what a helper program may have said.
        let commits = output.split(whereSeparator: \.isNewline).map { String($0.prefix { $0 != "\t" }) }
        guard let commit = commits.first(where: Self.isCommit) else {
            throw FetchFailure("git names no commit for '\(name)': \(output)")
        }
        return commit
    }

    /// Under another name until it is whole, so that a cut-off fetch leaves nothing that looks right.
    private func checkOut(_ repository: String, _ commit: String, to root: String) throws(FetchFailure) {
        let partial = "\(root).\(getpid())"
        defer { removePartial(partial) }
        for arguments in [
            ["init", "--quiet", "--", partial],
            ["-C", partial, "fetch", "--quiet", "--depth=1", "--no-tags", "--", repository, commit],
            ["-C", partial, "checkout", "--quiet", "--detach", commit],
        ] {
            let (status, output) = try git(arguments)
            try Self.require(status, output, "git \(arguments.first { !$0.hasPrefix("-") && $0 != partial } ?? "")")
        }
        // Somebody else may have been faster; a commit is a commit.
        if rename(partial, root) != 0, errno != EEXIST, errno != ENOTEMPTY {
            throw FetchFailure("\(SystemError("rename", partial))")
        }
    }

    private func removePartial(_ path: String) {
        guard exists(path) else { return }
        do { try removeTree(path) } catch { Output.standardError("\(path) stays: \(error)\n") }
    }

    private static func isCommit(_ text: String) -> Bool {
        text.utf8.count == 40 && text.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }

    private static func require(_ status: ExitStatus, _ output: String, _ work: String) throws(FetchFailure) {
        guard status != .exited(0) else { return }
        let last = output.split(whereSeparator: \.isNewline).last.map { ": \($0)" } ?? ""
        throw FetchFailure("\(work) failed\(last)")
    }

    /// Runs git without asking anybody for a password, and over the network only.
    private func git(_ arguments: [String]) throws(FetchFailure) -> (ExitStatus, String) {
        var variables = environment
        if variables["GIT_TERMINAL_PROMPT"]?.isEmpty ?? true { variables["GIT_TERMINAL_PROMPT"] = "0" }
        if variables["GIT_SSH"] == nil, variables["GIT_SSH_COMMAND"] == nil {
            variables["GIT_SSH_COMMAND"] = "ssh -o ControlMaster=no -o BatchMode=yes"
        }
        variables["GIT_ALLOW_PROTOCOL"] = "http:https:git:ssh"
        variables["LC_ALL"] = "C"
        do throws(ChildProgram.Failure) {
            let outcome = try ChildProgram.run(
                ["git", "-c", "core.hooksPath=/dev/null"] + arguments, environment: variables.map { "\($0)=\($1)" },
                seconds: Self.patience)
            return (outcome.status, String(decoding: outcome.output, as: UTF8.self))
        } catch {
            switch error {
            case .timeout: throw FetchFailure("git took longer than \(Self.patience) s")
            case .system(let failure) where failure.errno == ENOENT:
                throw FetchFailure("there is no program git", hint: "install git")
            case .system(let failure): throw FetchFailure("\(failure)")
            }
        }
    }
}
