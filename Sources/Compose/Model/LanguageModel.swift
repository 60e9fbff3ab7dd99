// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// A language model that services use (Compose Specification, models).
package struct LanguageModel: Codable, Hashable, Sendable {
    /// What services call it.
    package var key: String
    package var name: String?
    /// The artifact that holds it, by an image's kind of name.
    package var model: String
    /// In tokens.
    package var contextSize: Int?
    package var runtimeFlags: [String] = []
    package var location: SourceLocation

    package init(key: String, model: String, location: SourceLocation) {
        self.key = key
        self.model = model
        self.location = location
    }
}

/// A model as a service uses it (Compose Specification, 05-services.md, `models`).
package struct ModelUse: Codable, Hashable, Sendable {
    /// The key of the model in the project.
    package var model: String
    /// The variable that gets the model's URL, and that which gets its name; nil is made from the key.
    package var endpointVariable: String?
    package var modelVariable: String?
    /// Whether a mapping was given, which `config` shows.
    package var hasOptions = false

    package init(model: String) {
        self.model = model
    }
}
