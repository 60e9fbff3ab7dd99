// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// A Compose application, resolved: every name, path and default is filled in, every reference leads somewhere.
///
/// Compose Specification, 03-compose-file.md and 04-version-and-name.md.
package struct Project: Codable, Hashable, Sendable {
    package var name: String
    /// Absolute; relative paths of the files are meant from here.
    package var workingDirectory: String
    /// The Compose files in the order they were merged, absolute; `-` is standard input.
    package var files: [String]
    /// The files that variables were taken from, absolute.
    package var environmentFiles: [String]
    /// The variables that interpolation used: those of the process, and those of `environmentFiles`.
    package var environment: [String: String]
    package var activeProfiles: [String]
    /// In the order of the files.
    package var services: [Service]
    /// Those whose profiles are not active; their references are not checked.
    package var disabledServices: [Service]
    /// Those that a service uses, the implied `default` included.
    package var networks: [Network]
    /// Those that a service uses.
    package var volumes: [Volume]
    /// Those that a service uses.
    package var configs: [FileObject] = []
    package var secrets: [FileObject] = []
    package var models: [LanguageModel] = []
    /// What the files declare and no enabled service uses.
    package var unusedNetworks: [Network]
    package var unusedVolumes: [Volume]
    package var unusedConfigs: [FileObject] = []
    package var unusedSecrets: [FileObject] = []
    package var unusedModels: [LanguageModel] = []
    /// The top-level `x-…` fields.
    package var extensions: [ExtensionField]

    package init(name: String, workingDirectory: String) {
        self.name = name
        self.workingDirectory = workingDirectory
        files = []
        environmentFiles = []
        environment = [:]
        activeProfiles = []
        services = []
        disabledServices = []
        networks = []
        volumes = []
        unusedNetworks = []
        unusedVolumes = []
        extensions = []
    }

    /// The same with all that the files declare, used or not.
    package func withAllResources() -> Project {
        var all = self
        all.networks += unusedNetworks
        all.volumes += unusedVolumes
        all.configs += unusedConfigs
        all.secrets += unusedSecrets
        all.models += unusedModels
        (all.unusedNetworks, all.unusedVolumes) = ([], [])
        (all.unusedConfigs, all.unusedSecrets, all.unusedModels) = ([], [], [])
        return all
    }

    /// The enabled service of that name. Linear.
    package func service(_ name: String) -> Service? { services.first { $0.name == name } }
    /// The network that services call `key`. Linear.
    package func network(_ key: String) -> Network? { networks.first { $0.key == key } }
    /// The volume that services call `key`. Linear.
    package func volume(_ key: String) -> Volume? { volumes.first { $0.key == key } }
    /// The config or secret that services call `key`. Linear.
    package func config(_ key: String) -> FileObject? { configs.first { $0.key == key } }
    package func secret(_ key: String) -> FileObject? { secrets.first { $0.key == key } }
}

/// A field `x-…`, which trice carries and does not read (Compose Specification, 11-extension.md).
package struct ExtensionField: Codable, Hashable, Sendable {
    package var name: String
    package var value: Document

    package init(name: String, value: Document) {
        self.name = name
        self.value = value
    }
}

extension Project {
    /// What the image of a service is called: that of one which is built and names none is `PROJECT-SERVICE`.
    package func imageName(of service: Service) -> String {
        service.image.isEmpty ? "\(name)-\(service.name)" : service.image
    }
}
