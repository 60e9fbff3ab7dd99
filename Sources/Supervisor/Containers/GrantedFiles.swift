// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Compose
import Core
import Glibc
import Linux
import Runtime

/// The configs and secrets of a service as files in its container (Compose Specification, 05-services.md).
///
/// What is a file of the host without a wish for owner or mode is mounted as it is, and shows later changes. Everything
/// else is written at each start below the run directory, which is memory on most hosts: a secret that a variable holds
/// does not come to a disk of ours but in the project's own record.
struct GrantedFiles {
    /// One of them: where it comes from, where it is seen, and the key that asks for it.
    struct File {
        let object: FileObject
        let reference: FileReference
        let target: String
        let key: String
        /// Where a file of our own is written; nil where the host's is mounted.
        let copy: String?
    }

    let files: [File]
    private let service: Service
    private let ids: IDMapping?

    /// - Parameters:
    ///   - directory: where files of our own go. It need not be on a file system that can be id-mapped.
    ///   - ids: the container's; nil for one in the host's user namespace.
    init(of service: Service, in project: Project, directory: String, ids: IDMapping?) {
        (self.service, self.ids) = (service, ids)
        let secrets = service.secrets.enumerated().map { index, reference in
            (project.secret(reference.source), reference, "secrets[\(index)]", "/run/secrets/")
        }
        let configs = service.configs.enumerated().map { index, reference in
            (project.config(reference.source), reference, "configs[\(index)]", "/")
        }
        files = (configs + secrets).compactMap { object, reference, key, base in
            guard let object else { return nil }
            let name = reference.target ?? reference.source
            let isPlain: Bool
            if case .file = object.content {
                isPlain = reference.uid == nil && reference.gid == nil && reference.mode == nil
            } else {
                isPlain = false
            }
            return File(
                object: object, reference: reference, target: name.hasPrefix("/") ? name : base + name, key: key,
                copy: isPlain ? nil : "\(directory)/\(key)")
        }
    }

    /// What the launcher's child mounts, read-only.
    var mounts: [ContainerSpec.MountSpec] {
        files.compactMap { file in
            let source: String
            if let copy = file.copy {
                source = copy
            } else if case .file(let path) = file.object.content {
                source = path
            } else {
                return nil
            }
            var mount = ContainerSpec.MountSpec(
                .bind, source: source, destination: file.target, readOnly: true, key: file.key)
            mount.hasOwnIDs = file.copy != nil
            return mount
        }
    }

    /// Writes the files of our own, with the owner and mode that the service asks for.
    ///
    /// - Throws: `Failure` at the service's key, or at the place of a config or secret that has no content.
    func write() throws {
        for file in files {
            guard let path = file.copy else { continue }
            let place = service.place(file.key)
            let bytes = try GrantedFiles.content(of: file.object)
            let uid = try number(file.reference.uid, "uid", place), gid = try number(file.reference.gid, "gid", place)
            do {
                try makeDirectories(parentDirectory(path), mode: 0o711)
                try removeTree(path)
                let copy = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
                try copy.writeAll(bytes)
                try check("fchown", path) { fchown(copy.raw, ids?.host(uid) ?? uid, ids?.host(gid) ?? gid) }
                try check("fchmod", path) { fchmod(copy.raw, file.reference.mode ?? 0o444) }
            } catch { throw Failure("service \(service.name): \(file.key) cannot be written: \(error)", at: place) }
        }
    }

    private func number(_ text: String?, _ key: String, _ place: SourceLocation) throws(Failure) -> UInt32 {
        guard let text else { return 0 }
        guard let number = UInt32(text) else {
            throw Failure("service \(service.name): \(key) \"\(text)\" is no number", at: place)
        }
        return number
    }

    /// - Throws: `Failure` at the object's place where it has none.
    static func content(of object: FileObject) throws(Failure) -> [UInt8] {
        switch object.content {
        case .inline(let text): return Array(text.utf8)
        case .environment(let name, let value):
            guard let value else {
                throw Failure(
                    "\(object.key): the variable \(name) is not set", at: object.location,
                    hint: "set it in the environment or in an env file")
            }
            return Array(value.utf8)
        case .file(let path):
            do { return try readFile(path, limit: 64 << 20) } catch {
                throw Failure("\(object.key): \(error)", at: object.places["file"] ?? object.location)
            }
        case .elsewhere:
            throw Failure("\(object.key): only files, variables and inline content are supported", at: object.location)
        }
    }

    /// What changes with the content of a service's configs and secrets: another one means another container.
    ///
    /// - Throws: `Failure` at the place of one that cannot be had.
    static func fingerprint(of service: Service, in project: Project) throws(Failure) -> String {
        var digests: [String] = []
        for object in service.configs.compactMap({ project.config($0.source) })
            + service.secrets.compactMap({ project.secret($0.source) })
        {
            digests.append("\(object.key)=\(contentHash(try content(of: object)))")
        }
        return digests.joined(separator: ",")
    }
}
