// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// An image of the store, ready to start containers from.
package struct Image: Hashable, Sendable {
    /// The digest of its configuration: `sha256:…`. Equal ids mean equal content.
    package var id: String
    /// The digest of its manifest.
    package var digest: String
    /// Names that refer to it, in their short form: `redis:7`.
    package var references: [String]
    package var config: ImageConfig
    /// Directories of its unpacked layers as overlayfs wants them: the topmost first.
    package var layerPaths: [String]
    /// Nanoseconds since 1970; 0 where the image does not say.
    package var created: UInt64
    /// Of all layers as they are fetched, in bytes.
    package var size: Int64
    /// What it runs on.
    package var platform: Platform
    /// Names with the digest that a registry has them under: `redis@sha256:…`.
    package var digests: [String]
    /// When it was last fetched, in seconds since 1970; nil where it was loaded or built.
    package var pulled: UInt64?

    package init(
        id: String, digest: String, references: [String], config: ImageConfig, layerPaths: [String], created: UInt64,
        size: Int64, platform: Platform = .host, digests: [String] = [], pulled: UInt64? = nil
    ) {
        (self.id, self.digest, self.references, self.config) = (id, digest, references, config)
        (self.layerPaths, self.created, self.size) = (layerPaths, created, size)
        (self.platform, self.digests, self.pulled) = (platform, digests, pulled)
    }
}

/// How a container of the image runs where nothing else is said: the `config` object of the OCI image specification
/// (config.md), with Docker's health check.
package struct ImageConfig: Codable, Hashable, Sendable {
    package var user: String?
    package var exposedPorts: [String: Empty]?
    package var env: [String]?
    package var entrypoint: [String]?
    package var cmd: [String]?
    package var volumes: [String: Empty]?
    package var workingDir: String?
    package var labels: [String: String]?
    package var stopSignal: String?
    package var healthcheck: ImageHealthcheck?

    package init() {}

    package struct Empty: Codable, Hashable, Sendable {
        package init() {}
    }

    enum CodingKeys: String, CodingKey {
        case user = "User"
        case exposedPorts = "ExposedPorts"
        case env = "Env"
        case entrypoint = "Entrypoint"
        case cmd = "Cmd"
        case volumes = "Volumes"
        case workingDir = "WorkingDir"
        case labels = "Labels"
        case stopSignal = "StopSignal"
        case healthcheck = "Healthcheck"
    }
}

extension ImageConfig {
    /// What most leave out is not asked for; what is null is left out.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        for key in values.allKeys { try read(key, of: values) }
    }

    private mutating func read(_ key: CodingKeys, of values: KeyedDecodingContainer<CodingKeys>) throws {
        switch key {
        case .user: try values.read(key, into: &user)
        case .exposedPorts: try values.read(key, into: &exposedPorts)
        case .env: try values.read(key, into: &env)
        case .entrypoint: try values.read(key, into: &entrypoint)
        case .cmd: try values.read(key, into: &cmd)
        case .volumes: try values.read(key, into: &volumes)
        case .workingDir: try values.read(key, into: &workingDir)
        case .labels: try values.read(key, into: &labels)
        case .stopSignal: try values.read(key, into: &stopSignal)
        case .healthcheck: try values.read(key, into: &healthcheck)
        }
    }
}

/// Docker's extension of the image configuration; durations in nanoseconds.
package struct ImageHealthcheck: Codable, Hashable, Sendable {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", line]`.
    package var test: [String]?
    package var interval: Int64?
    package var timeout: Int64?
    package var startPeriod: Int64?
    package var startInterval: Int64?
    package var retries: Int?

    package init() {}

    package var isEnabled: Bool { test.map { !$0.isEmpty && $0[0] != "NONE" } ?? false }

    enum CodingKeys: String, CodingKey {
        case test = "Test"
        case interval = "Interval"
        case timeout = "Timeout"
        case startPeriod = "StartPeriod"
        case startInterval = "StartInterval"
        case retries = "Retries"
    }
}
