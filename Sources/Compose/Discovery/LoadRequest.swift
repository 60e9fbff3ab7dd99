// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What to load: the options of the command line and the process's surroundings, as plain values.
package struct LoadRequest: Sendable {
    /// `-f`, in order; `-` is standard input. Empty: `COMPOSE_FILE`, or what is found in the working directory and above.
    package var files: [String]
    /// `-p`.
    package var projectName: String?
    /// `--project-directory`.
    package var projectDirectory: String?
    /// `--profile`. Empty: `COMPOSE_PROFILES`.
    package var profiles: [String]
    /// `--env-file`. Empty: `COMPOSE_ENV_FILES`, or `.env` in the project directory.
    package var envFiles: [String]
    /// The process's environment.
    package var environment: [String: String]
    /// Absolute.
    package var workingDirectory: String
    /// Load only these and what they depend on; naming a service activates its profiles. Empty: all.
    package var services: [String]
    /// With `services`: leave out what they depend on.
    package var withoutDependencies: Bool
    package var steps = LoadSteps.all
    /// Gets files that stand elsewhere; nil refuses them.
    package var remote: RemoteFetch?

    package init(
        files: [String] = [], projectName: String? = nil, projectDirectory: String? = nil, profiles: [String] = [],
        envFiles: [String] = [], environment: [String: String] = [:], workingDirectory: String, services: [String] = [],
        withoutDependencies: Bool = false
    ) {
        self.files = files
        self.projectName = projectName
        self.projectDirectory = projectDirectory
        self.profiles = profiles
        self.envFiles = envFiles
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.services = services
        self.withoutDependencies = withoutDependencies
    }
}
