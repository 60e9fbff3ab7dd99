// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core

extension Project {
    /// The project as its supervisor gets it and keeps it on record: with the names of all images, and of the environment, which
    /// has secrets and differs from shell to shell, with what hooks take from it.
    package var forSupervisor: Project {
        var project = withImageNames
        let hooks = services.flatMap { $0.postStart + $0.preStop }
        let names = Set(hooks.flatMap(\.environment).filter { $0.value == nil }.map(\.name))
        project.environment = environment.filter { names.contains($0.key) }
        return project
    }
}

/// The projects that requests bring. Most bring the one that came before, to the letter: that one is not read again.
struct ProjectReading {
    private var last: (document: [UInt8], project: Project)?

    /// - Parameter document: the project as JSON, with sorted keys.
    mutating func project(from document: [UInt8]) throws -> Project {
        if let last, last.document == document { return last.project }
        let project = try decodeJSON(Project.self, from: document)
        last = (document, project)
        return project
    }
}
