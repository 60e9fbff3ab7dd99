// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Crypto
import Glibc
import Linux

/// What the process that unpacks a layer says at its end, on its standard output.
struct UnpackReport: Codable, Sendable {
    /// The digest of the layer's uncompressed tar.
    var diffID = ""
    /// Of all files' content.
    var bytes: Int64 = 0
    /// Directories that the archive does not name: they are as layers below have them.
    var implied: [String] = []
    /// Directories that hide what layers below have in them.
    var opaque: [String] = []
    /// Why the layer is refused.
    var refusal: String?

    /// In bytes of JSON; a layer with more to say is refused.
    static let longest = 64 << 20
}

/// The process that unpacks one layer: it reads the archive, compressed or not, from its standard input.
///
/// An archive is what anybody made it, and a library reads it. So the process can reach nothing but the layer's directory,
/// which is its root, on a mount where no device works and no program starts; it has the capabilities that files want (owners,
/// modes, device nodes) and no other, and its system calls are counted (seccomp). It holds at most a gigabyte of memory.
package enum UnpackProcess {
    /// The first argument of the process; the second is the layer's directory, the third how many bytes it may write.
    package static let argument = "unpack-layer"

    /// Does what the process is for.
    package static func run(_ directory: String, limit: String) -> Never {
        signal(SIGPIPE, SIG_IGN)
        umask(0)
        var report = UnpackReport()
        do {
            guard let bytes = Int64(limit) else { throw Failure("\(limit) is no number of bytes") }
            let filter = SeccompFilter(profile)
            let makesDevices = try isInHostUserNamespace()
            try enter(directory)
            try renounce(filter)
            report = try unpack(bytes, makesDevices)
        } catch let failure as Failure {
            report.refusal = failure.message
        } catch {
            report.refusal = "\(error)"
        }
        do {
            var text = try encodeJSON(report)
            if text.count > UnpackReport.longest {
                text = try encodeJSON(UnpackReport(refusal: "too many directories that it does not name"))
            }
            try Descriptor(1).writeAll(text)
        } catch { exit(1) }
        exit(0)
    }

    private static func unpack(_ limit: Int64, _ makesDevices: Bool) throws -> UnpackReport {
        let stream = try LayerStream(Descriptor(0))
        var writer = try LayerWriter(into: "/", limits: LayerWriter.Limits(bytes: limit), makesDevices: makesDevices)
        try writer.write(ArchiveReader(.tar) { try stream.read() })
        return UnpackReport(
            diffID: "\(try stream.finish())", bytes: writer.bytes, implied: writer.implied, opaque: writer.opaque)
    }

    /// Makes the directory the root of this process.
    private static func enter(_ directory: String) throws(SystemError) {
        try check("unshare") { trice_unshare(Int32(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC)) }
        try check("mount", "/") { mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) }
        let tree = try DetachedMount(copyOf: directory, recursive: false)
        // MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC.
        try tree.set(2 | 4 | 8)
        try tree.move(to: directory)
        try check("fchdir", directory) { fchdir(tree.descriptor.raw) }
        // The old root is stacked below the new one, and goes: pivot_root(2), "pivot_root(".", ".")".
        try check("pivot_root", directory) { trice_pivot_root(".", ".") }
        try check("umount2", ".") { umount2(".", Int32(MNT_DETACH)) }
        try check("chdir", "/") { chdir("/") }
    }

    /// Gives up what reading an archive and writing files does not need.
    private static func renounce(_ filter: SeccompFilter) throws(SystemError) {
        try check("close_range") { trice_close_range(3, UInt32.max, 0) }
        try check("setrlimit") { trice_setrlimit(Int32(RLIMIT_AS.rawValue), 1 << 30, 1 << 30) }
        try check("setrlimit") { trice_setrlimit(Int32(RLIMIT_CORE.rawValue), 0, 0) }
        let kept = CapabilitySet(names: ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "MKNOD", "SETFCAP"])
        try kept.limitBounding()
        try kept.apply()
        // PR_SET_NO_NEW_PRIVS
        try check("prctl") { trice_prctl(38, 1) }
        try filter.install()
    }

    private static var profile: SeccompProfile {
        var profile = SeccompProfile(
            defaultAction: .fail(UInt16(EPERM)), architectures: [SeccompArchitecture.host[0]])
        profile.rules = [
            SeccompRule(
                [
                    "read", "readv", "write", "writev", "pwrite64", "lseek", "close", "dup", "fcntl", "fstat",
                    "newfstatat",
                    "statx", "getdents64", "openat", "openat2", "mkdirat", "mknodat", "linkat", "symlinkat", "unlinkat",
                    "fchown", "fchownat", "fchmod", "fchmodat", "fchmodat2", "utimensat", "fsetxattr", "ftruncate",
                ], .allow),
            SeccompRule(
                [
                    "brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "futex", "getrandom", "clock_gettime",
                    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "getpid", "gettid", "tgkill", "sched_yield",
                    "sched_getaffinity", "exit", "exit_group",
                ], .allow),
        ]
        return profile
    }
}

/// A layer's blob, uncompressed, with the digest of what was read.
final class LayerStream {
    private let archive: ArchiveReader
    private var hash = SHA256()
    private var ended = false

    init(_ blob: Descriptor) throws {
        archive = try ArchiveReader(.raw) { try blob.read(upTo: 1 << 17) }
        ended = try !archive.next()
    }

    func read() throws -> [UInt8] {
        if ended { return [] }
        let part = try archive.read()
        if part.isEmpty { ended = true }
        hash.update(data: part)
        return part
    }

    /// Reads what is left, padding for example.
    func finish() throws -> Digest {
        while try !read().isEmpty {}
        return Digest(bytes: hash.finalize())
    }
}
