// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Reconciler
import Testing

@testable import Supervisor

@Suite struct SavedProjectEncodingTests {
    @Test func `what is desired is read as it was, whatever part of it has changed`() throws {
        var encoding = SavedProjectEncoding()
        var saved = SavedProject(project: Project(name: "a", workingDirectory: "/a"), desired: Desired())
        func isRead() throws -> Bool { try decodeJSON(SavedProject.self, from: encoding.encode(saved)) == saved }
        #expect(try isRead())
        saved.desired.down = true
        #expect(try isRead())
        saved.project.workingDirectory = "/b"
        #expect(try isRead())
        saved.previous = [:]
        #expect(try isRead())
        saved.desired.services["web"] = ServiceGoal(replicas: 2, hash: "h")
        #expect(try isRead())
    }

    @Test func `a project is read as it was sent, the same one again and another one after it`() throws {
        var reading = ProjectReading()
        let first = Project(name: "a", workingDirectory: "/a")
        let second = Project(name: "a", workingDirectory: "/b")
        for project in [first, first, second, first] {
            #expect(try reading.project(from: encodeJSON(project)) == project)
        }
        #expect(throws: DecodingError.self) { try reading.project(from: Array("{".utf8)) }
        #expect(try reading.project(from: encodeJSON(first)) == first)
    }
}
