// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The words of the file for the model's enumerations.
extension RestartPolicy {
    package var text: String {
        switch self {
        case .no: "no"
        case .always: "always"
        case .unlessStopped: "unless-stopped"
        case .unknown(let text): text
        case .onFailure(let attempts): attempts.map { "on-failure:\($0)" } ?? "on-failure"
        }
    }
}

extension PullPolicy {
    package var text: String {
        switch self {
        case .always: "always"
        case .never: "never"
        case .missing: "missing"
        case .ifNotPresent: "if_not_present"
        case .build: "build"
        case .refresh: "refresh"
        case .daily: "daily"
        case .weekly: "weekly"
        case .every(let text, _): "every_\(text)"
        }
    }
}

extension NetworkMode {
    package var text: String {
        switch self {
        case .none: "none"
        case .host: "host"
        case .bridge: "bridge"
        case .service(let name): "service:\(name)"
        case .container(let name): "container:\(name)"
        case .other(let text): text
        }
    }
}

extension NamespaceMode {
    package var text: String {
        switch self {
        case .host: "host"
        case .private: "private"
        case .shareable: "shareable"
        case .service(let name): "service:\(name)"
        case .container(let name): "container:\(name)"
        case .other(let text): text
        }
    }
}
