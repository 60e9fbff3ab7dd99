// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// An overlay that is mounted nowhere yet, see Documentation/filesystems/overlayfs.rst of the kernel.
package struct OverlayMount {
    /// The topmost layer first.
    let layers: [Layer]
    /// Where its `upper` and `work` directories are; nil for an overlay that is read-only.
    var writes: String?

    package enum Layer {
        case directory(String)
        /// An id-mapped copy of a layer's directory.
        case mapped(DetachedMount)
    }

    /// Whether an overlay takes layers that are mounted nowhere, and as many as one likes: `lowerdir+` with descriptors
    /// of detached mounts, Linux 6.15.
    package static let takesDetachedLayers = kernelVersion() >= (6, 15)

    func make() throws(SystemError) -> DetachedMount {
        try OverlayMount.takesDetachedLayers ? makeDetached() : inMountNamespaceOfItsOwn(makeStaged)
    }

    private func makeDetached() throws(SystemError) -> DetachedMount {
        // By their descriptors: a value of fsconfig(2) has room for 255 bytes, which a path may not fit.
        func open(_ path: String) throws(SystemError) -> Descriptor {
            try Descriptor.open(path, trice_o_path | O_DIRECTORY)
        }
        func name(_ descriptor: Descriptor) -> String { "/proc/self/fd/\(descriptor.raw)" }
        var directories: [Descriptor] = []
        for layer in layers {
            switch layer {
            case .directory(let path): directories.append(try open(path))
            case .mapped(let mount): directories.append(mount.descriptor)
            }
        }
        var options = directories.map { ("lowerdir+", name($0)) }
        if let writes {
            let directory = try open(writes)
            directories.append(directory)
            options += [("upperdir", "\(name(directory))/upper"), ("workdir", "\(name(directory))/work")]
        }
        defer { withExtendedLifetime(directories) {} }
        return try DetachedMount("overlay", options: options, flags: OverlayMarks.ofThisProcess.mountOptions)
    }

    /// By mount(2), whose options must fit a page: all that goes into the overlay is mounted at places with short names,
    /// in a tmpfs that only this mount namespace has. A copy of the overlay outlives the namespace.
    private func makeStaged() throws(SystemError) -> DetachedMount {
        let marks = try OverlayMarks.ofThisProcess  // while /proc is there
        let stage = try DetachedMount("tmpfs")
        try stage.move(to: "/")
        try check("fchdir", "tmpfs") { fchdir(stage.descriptor.raw) }
        func place(_ mount: DetachedMount, at name: String) throws(SystemError) {
            try makeDirectories(name)
            try mount.move(to: name)
        }
        for (index, layer) in layers.enumerated() {
            switch layer {
            case .directory(let path): try place(DetachedMount(copyOf: path, recursive: false), at: "\(index)")
            case .mapped(let mount): try place(mount, at: "\(index)")
            }
        }
        var options = "lowerdir=" + layers.indices.map(String.init).joined(separator: ":")
        if let writes {
            try place(DetachedMount(copyOf: writes, recursive: false), at: "writes")
            options += ",upperdir=writes/upper,workdir=writes/work"
        }
        for option in marks.mountOptions { options += ",\(option)" }
        try makeDirectories("overlay")
        try check("mount", "overlay") { mount("overlay", "overlay", "overlay", 0, options) }
        return try DetachedMount(copyOf: "overlay", recursive: false)
    }
}

/// Runs the body in a mount namespace that has what the caller's has, and goes back. The process must have a single thread;
/// its working directory is then `/`.
private func inMountNamespaceOfItsOwn<T>(_ body: () throws(SystemError) -> T) throws(SystemError) -> T {
    try inMountNamespace { () throws(SystemError) in
        try check("unshare", "mnt") { trice_unshare(Int32(CLONE_NEWNS)) }
        try check("mount", "/") { mount("", "/", nil, MountFlag.recursive | MountFlag.private, nil) }
    } run: { () throws(SystemError) in
        try body()
    }
}

/// Runs the body in another mount namespace, and goes back. The process must have a single thread; its working directory
/// is then `/`.
///
/// - Parameter enter: setns(2) or unshare(2).
func inMountNamespace<T>(
    _ enter: () throws(SystemError) -> Void, run body: () throws(SystemError) -> T
) throws(SystemError) -> T {
    let own = try Descriptor.open("/proc/self/ns/mnt", O_RDONLY)
    let result: Result<T, SystemError>
    do {
        try enter()
        result = .success(try body())
    } catch { result = .failure(error) }
    try check("setns", "mnt") { trice_setns(own.raw, Int32(CLONE_NEWNS)) }
    return try result.get()
}
