// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc

/// A profile as JSON: the OCI runtime spec's (config-linux.md, "Seccomp") with Docker's additions, which are `archMap`, a
/// single `name`, and rules that hold only for some capabilities, architectures and kernels.
package struct SeccompDocument: Decodable {
    /// Why a document is no profile, as a sentence to stand behind the file's name.
    package struct Invalid: Error, Hashable {
        package let reason: String
    }

    private var defaultAction: String
    private var defaultErrnoRet: UInt16?
    private var architectures: [String]?
    private var archMap: [Sharing]?
    private var flags: [String]?
    private var listenerPath: String?
    private var syscalls: [Rule]?

    private struct Sharing: Decodable {
        var architecture: String
        var subArchitectures: [String]?
    }

    private struct Rule: Decodable {
        var name: String?
        var names: [String]?
        var action: String
        var errnoRet: UInt16?
        var args: [Argument]?
        var includes: Condition?
        var excludes: Condition?
    }

    fileprivate struct Argument: Decodable {
        var index: Int
        var value: UInt64
        var valueTwo: UInt64?
        var op: String
    }

    fileprivate struct Condition: Decodable {
        var caps: [String]?
        var arches: [String]?
        var minKernel: String?
    }

    package static func read(_ bytes: [UInt8]) throws(Invalid) -> SeccompDocument {
        do { return try decodeJSON(SeccompDocument.self, from: bytes) } catch {
            throw Invalid(reason: explanation(of: error))
        }
    }

    /// What of it holds for a container with these capabilities on this host.
    ///
    /// - Parameter kernel: major and minor version.
    package func profile(
        capabilities: CapabilitySet, kernel: (Int, Int) = kernelVersion()
    ) throws(Invalid) -> SeccompProfile {
        guard listenerPath?.isEmpty ?? true else { throw Invalid(reason: "listenerPath is not supported") }
        var profile = SeccompProfile(
            defaultAction: try action(defaultAction, defaultErrnoRet, "defaultAction"),
            architectures: try hostArchitectures())
        profile.flags = try flagBits()
        for (index, rule) in (syscalls ?? []).enumerated() {
            let path = "syscalls[\(index)]"
            guard (rule.name == nil) != (rule.names == nil) else {
                throw Invalid(reason: "\(path) needs either names or name")
            }
            let action = try action(rule.action, rule.errnoRet, "\(path).action")
            if let condition = rule.includes, !condition.holds(capabilities, kernel, all: true) { continue }
            if let condition = rule.excludes, condition.holds(capabilities, kernel, all: false) { continue }
            let names = rule.names ?? [rule.name ?? ""]
            // A call that no list knows stays forbidden where it was to be allowed; it cannot be forbidden by its name.
            if !action.lets, let unknown = names.first(where: { !SystemCall.isKnown($0) }), profile.defaultAction.lets {
                throw Invalid(reason: "\(path): there is no system call \(unknown)")
            }
            var arguments: [SeccompArgument] = []
            for argument in rule.args ?? [] { arguments.append(try argument.test("\(path).args")) }
            profile.rules.append(SeccompRule(names, action, arguments))
        }
        return profile
    }

    private func hostArchitectures() throws(Invalid) -> [SeccompArchitecture] {
        let host = SeccompArchitecture.host
        if let architectures, !architectures.isEmpty {
            guard archMap?.isEmpty ?? true else { throw Invalid(reason: "it has both architectures and archMap") }
            let named = host.filter { architectures.contains($0.rawValue) }
            return named.contains(host[0]) ? named : [host[0]] + named
        }
        let more = archMap?.first { $0.architecture == host[0].rawValue }?.subArchitectures ?? []
        return [host[0]] + host.dropFirst().filter { more.contains($0.rawValue) }
    }

    private func flagBits() throws(Invalid) -> UInt32 {
        guard let flags else { return SeccompProfile.speculationAllowed }
        var bits: UInt32 = 0
        for flag in flags {
            switch flag {
            case "SECCOMP_FILTER_FLAG_LOG": bits |= 1 << 1
            case "SECCOMP_FILTER_FLAG_SPEC_ALLOW": bits |= SeccompProfile.speculationAllowed
            // There is one thread when the filter is installed.
            case "SECCOMP_FILTER_FLAG_TSYNC": break
            default: throw Invalid(reason: "the flag \(flag) is not supported")
            }
        }
        return bits
    }

    private func action(_ name: String, _ number: UInt16?, _ path: String) throws(Invalid) -> SeccompAction {
        switch name {
        case "SCMP_ACT_ALLOW": return .allow
        case "SCMP_ACT_ERRNO":
            // MAX_ERRNO, linux/err.h; EPERM where the profile does not say.
            guard number ?? 1 <= 4095 else { throw Invalid(reason: "\(path): \(number ?? 1) is no errno") }
            return .fail(number ?? 1)
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": return .killThread
        case "SCMP_ACT_KILL_PROCESS": return .killProcess
        case "SCMP_ACT_TRAP": return .trap
        case "SCMP_ACT_LOG": return .log
        case "SCMP_ACT_TRACE": return .trace(number ?? 1)
        default: throw Invalid(reason: "\(path): \(name) is not supported")
        }
    }

    private static func explanation(of error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String {
            guard !context.codingPath.isEmpty else { return "it" }
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
            return String(path.hasPrefix(".") ? path.dropFirst() : path[...])
        }
        switch error {
        case DecodingError.keyNotFound(let key, let context): return "\(path(context)) has no \(key.stringValue)"
        case DecodingError.typeMismatch(let type, let context):
            return "\(path(context)) is not what belongs there (\(type))"
        case DecodingError.valueNotFound(_, let context): return "\(path(context)) is null"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            return "\(path(context)): \(context.debugDescription)"
        default: return "it is not JSON"
        }
    }
}

extension SeccompDocument.Argument {
    fileprivate func test(_ path: String) throws(SeccompDocument.Invalid) -> SeccompArgument {
        guard (0...5).contains(index) else { throw .init(reason: "\(path): a system call has no argument \(index)") }
        let comparison: SeccompArgument.Comparison
        switch op {
        case "SCMP_CMP_NE": comparison = .notEqual
        case "SCMP_CMP_LT": comparison = .less
        case "SCMP_CMP_LE": comparison = .lessOrEqual
        case "SCMP_CMP_EQ": comparison = .equal
        case "SCMP_CMP_GE": comparison = .greaterOrEqual
        case "SCMP_CMP_GT": comparison = .greater
        // The mask comes first, what is to be under it second.
        case "SCMP_CMP_MASKED_EQ": return SeccompArgument(index, .masked(value), (valueTwo ?? 0) & value)
        default: throw .init(reason: "\(path): \(op) is no comparison")
        }
        return SeccompArgument(index, comparison, value)
    }
}

extension SeccompDocument.Condition {
    /// - Parameter all: whether each part must hold (for `includes`), or any (for `excludes`), as Docker has it
    ///   (moby/profiles, seccomp/seccomp_linux.go).
    fileprivate func holds(_ capabilities: CapabilitySet, _ kernel: (Int, Int), all: Bool) -> Bool {
        var parts: [Bool] = []
        if let arches, !arches.isEmpty { parts.append(arches.contains(SeccompDocument.hostName)) }
        for name in caps ?? [] { parts.append(capabilities.contains(named: name)) }
        if let minKernel {
            let numbers = minKernel.split(separator: ".").map { Int($0) ?? 0 }
            parts.append(kernel >= (numbers.first ?? 0, numbers.dropFirst().first ?? 0))
        }
        return all ? parts.allSatisfy { $0 } : parts.contains(true)
    }
}

extension SeccompDocument {
    /// This host as Docker's conditions name it.
    fileprivate static var hostName: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }
}

/// The running kernel's major and minor version, uname(2).
package func kernelVersion() -> (Int, Int) {
    var name = utsname()
    uname(&name)
    let release = withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let numbers = release.split { !$0.isNumber }.prefix(2).map { Int($0) ?? 0 }
    return (numbers.first ?? 0, numbers.dropFirst().first ?? 0)
}
