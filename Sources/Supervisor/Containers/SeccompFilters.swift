// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux

/// The system call filters of a project's containers, compiled once for each profile and set of capabilities, as files
/// that the launcher's children read.
final class SeccompFilters {
    /// What a container's calls are held against.
    enum Profile: Hashable, Codable {
        case none, docker
        /// A file's name, for messages, and its content (see `SeccompDocument`).
        case document(name: String, content: String)
    }

    private struct Key: Hashable {
        var profile: Profile
        var capabilities: CapabilitySet
    }

    private var files: [Key: Descriptor] = [:]

    /// The file with the filter; empty where there is none.
    ///
    /// - Throws: `Failure` without a place, where the document is no profile.
    func file(_ profile: Profile, capabilities: CapabilitySet) throws -> Descriptor {
        let key = Key(profile: profile, capabilities: capabilities)
        if let file = files[key] { return file }
        let file = try memoryFile("seccomp", try compile(profile, capabilities)?.bytes ?? [])
        files[key] = file
        return file
    }

    private func compile(_ profile: Profile, _ capabilities: CapabilitySet) throws(Failure) -> SeccompFilter? {
        switch profile {
        case .none: return nil
        case .docker: return SeccompFilter(.docker(capabilities: capabilities))
        case .document(let name, let content):
            let filter: SeccompFilter
            do {
                filter = SeccompFilter(
                    try SeccompDocument.read(Array(content.utf8)).profile(capabilities: capabilities))
            } catch { throw Failure("seccomp profile \(name): \(error.reason)") }
            guard filter.instructions.count <= SeccompFilter.longest else {
                throw Failure(
                    "seccomp profile \(name): its filter of \(filter.instructions.count) instructions is longer than the "
                        + "kernel takes (\(SeccompFilter.longest))")
            }
            return filter
        }
    }
}
