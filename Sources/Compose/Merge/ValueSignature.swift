// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import YAML

extension YAMLNode {
    /// The same text for what says the same, wherever it stands and in whatever order its keys are; another one for all else.
    var signature: String {
        switch content {
        case .scalar: "\(value ?? .null)"
        case .sequence(let items): "[\(items.map(\.signature).joined(separator: ","))]"
        case .mapping(let pairs):
            "{\(pairs.map { "\(YAMLValue.string($0.name)):\($0.value.signature)" }.sorted().joined(separator: ","))}"
        }
    }
}
