// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux

/// The build engine, buildah(1), as a program. What it keeps lies below the root: its cache of steps, and the images that
/// builds begin with.
struct Buildah {
    private let roots: Roots
    /// Where builds keep what is theirs alone.
    let directory: String

    init(_ roots: Roots) throws {
        self.roots = roots
        directory = "\(roots.root)/build"
        try makeDirectories(directory, mode: 0o700)
        // Nothing is looked for in a registry by the engine: what a build begins with is fetched before.
        try writeAtomically(
            "\(directory)/registries.conf",
            Array("unqualified-search-registries = []\nshort-name-mode = \"permissive\"\n".utf8),
            durable: false)
    }

    private var environment: [String] {
        get throws(SystemError) {
            try Context.environment.filter { $0.key != "CONTAINERS_REGISTRIES_CONF" }.map { "\($0.key)=\($0.value)" }
                + ["CONTAINERS_REGISTRIES_CONF=\(directory)/registries.conf"] + userVariables
        }
    }

    /// What tells it that it is in a user's own namespaces: it would else write to places of the host's root.
    private var userVariables: [String] {
        get throws(SystemError) {
            guard try !isInHostUserNamespace(), let user = try userOfRoot() else { return [] }
            return ["_CONTAINERS_USERNS_CONFIGURED=done", "_CONTAINERS_ROOTLESS_UID=\(user)"]
        }
    }

    /// Starts it.
    ///
    /// - Parameters:
    ///   - descriptors: what its own are.
    ///   - place: where it runs.
    /// - Throws: `Failure` that says how it is had, where it is not there.
    func start(_ words: [String], descriptors: [Int32: Int32], in place: String? = nil) throws -> pid_t {
        let own = ["--root", "\(directory)/storage", "--runroot", "\(roots.run)/build"]
        do throws(SystemError) {
            return try spawn("buildah", own + words, environment: environment, descriptors: descriptors, in: place)
        } catch {
            if error.errno == ENOENT {
                throw Failure("buildah, which builds images, is not installed", hint: "apt install buildah")
            }
            throw Failure("\(error)")
        }
    }

    /// Runs it to its end.
    ///
    /// - Returns: what it wrote to standard output, without the line's end.
    /// - Throws: `Failure` with what it wrote to standard error.
    @discardableResult
    func run(_ words: [String], in place: String? = nil) throws -> String {
        let (output, errors) = (try Descriptor.pipe(), try memoryFile("errors", []))
        let null = try Descriptor.open("/dev/null", O_RDONLY)
        let process = try start(words, descriptors: [0: null.raw, 1: output.write.raw, 2: errors.raw], in: place)
        output.write.close()
        var text: [UInt8] = []
        while case let part = try output.read.read(upTo: 1 << 16), !part.isEmpty { text += part }
        guard try exitStatus(ofChild: process) == .exited(0) else {
            try check("lseek") { lseek(errors.raw, 0, SEEK_SET) }
            let said = String(decoding: try errors.read(upTo: 4096), as: UTF8.self).split(separator: "\n").joined(
                separator: "; ")
            throw Failure("buildah \(words[0]): \(said)")
        }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
    }

    /// Removes what builds have left that were killed: containers, with their mounts. Nothing while another one goes on.
    func recover() throws {
        guard try FileLock(ifFree: "\(directory)/lock") != nil else { return }
        try removeContainers()
    }

    private func removeContainers() throws {
        let list = "\(directory)/storage/overlay-containers/containers.json"
        if exists(list), try readFile(list) != Array("[]".utf8) { try run(["rm", "--all"]) }
    }

    /// Removes all that builds have kept. Nothing while one goes on.
    ///
    /// - Returns: how many bytes that freed.
    func forget() throws -> Int64 {
        guard let lock = try FileLock(ifFree: "\(directory)/lock") else { return 0 }
        defer { withExtendedLifetime(lock) {} }
        try removeContainers()
        let freed = try diskUsage(directory)
        try removeTree(directory)
        return freed
    }

    /// As long as it lives, nobody takes what is being built for what was left.
    func lock() throws -> FileLock { try FileLock("\(directory)/lock", shared: true) }

    private func has(_ id: String) throws -> Bool {
        try !run(["images", "--quiet", "--no-trunc", "--filter", "id=\(id)"]).isEmpty
    }

    /// Makes an image of the store one that a Dockerfile can begin with.
    ///
    /// - Parameters:
    ///   - id: of the image as it is handed over.
    ///   - names: what the Dockerfile may call it.
    func take(_ id: String, from directory: String, as names: [String]) throws {
        if try !has(id) {
            // What it calls the image comes from the directory's name, which may have letters that no name has.
            let name = directory.split(separator: "/").last ?? ""
            let taken = try run(["pull", "--quiet", "oci:\(name)"], in: parentDirectory(directory))
            guard taken == id else { throw Failure("buildah takes image \(id) for \(taken)") }
        }
        try run(["tag", id] + names)
    }
}
