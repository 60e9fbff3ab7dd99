// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

extension Project {
    /// What `config --services`, `--networks`, `--volumes`, `--images`, `--profiles` and `--environment` list.
    package var serviceNames: [String] { services.map(\.name) }
    package var networkKeys: [String] { networks.map(\.key) }
    package var volumeKeys: [String] { volumes.map(\.key) }
    package var images: [String] {
        services.filter { !$0.image.isEmpty || $0.build != nil }.map(imageName)
    }
    package var modelNames: [String] { models.map(\.model) }

    /// All profiles that any service names, each once, sorted.
    package var profileNames: [String] {
        Set((services + disabledServices).flatMap(\.profiles)).sorted()
    }

    /// `NAME=VALUE` of all that interpolation could use, sorted.
    package var environmentLines: [String] {
        environment.map { "\($0.key)=\($0.value)" }.sorted()
    }
}
