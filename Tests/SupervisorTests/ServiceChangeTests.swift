// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Reconciler
import Testing

@testable import Supervisor

/// What a user asks of services that are there.
@Suite struct ServiceChangeTests {
    /// `web` asked to be restarted with `api`, and `api` with `db`; `old` is in no file any more.
    private static let change: ServiceChange = {
        var project = Project(name: "shop", workingDirectory: "/shop")
        var desired = Desired()
        for (name, dependency) in [("db", nil), ("api", "db"), ("web", "api")] as [(String, String?)] {
            var service = Service(
                name: name, image: "x:1", location: SourceLocation(file: "compose.yaml", line: 1, column: 1))
            if let dependency {
                service.dependencies = [
                    Dependency(service: dependency, condition: .started, restart: true, required: true)
                ]
            }
            project.services.append(service)
            desired.services[name] = ServiceGoal(hash: name)
        }
        let containers = ["api", "db", "old", "web"].map {
            ContainerState(id: $0, name: "shop-\($0)-1", service: $0, number: 1, hash: $0)
        }
        return ServiceChange(SavedProject(project: project, desired: desired), beside: containers)
    }()

    @Test func `what is named nowhere is refused, and no name is all`() throws {
        #expect(throws: Failure("no such service: nosuch")) { try Self.change.select(["web", "nosuch"]) }
        #expect(try Self.change.select(["old"]) == ["old"])
        #expect(try Self.change.select([]) == ["api", "db", "old", "web"])
    }

    @Test func `who asked to follow a restart does, unless nobody is to`() throws {
        var change = Self.change
        #expect(try change.restart(["db"], alone: false, at: 5) == ["api", "db", "web"])
        #expect(change.saved?.desired.services["web"]?.restartBefore == 5)
        var alone = Self.change
        #expect(try alone.restart(["db"], alone: true, at: 5) == ["db"])
        #expect(alone.saved?.desired.services["web"]?.restartBefore == 0)
    }

    @Test func `what is removed without a stop is not wanted any more where it does not run`() throws {
        var change = Self.change
        _ = try change.remove(["db"], stops: false)
        #expect(change.saved?.desired.services["db"]?.intent == .stopped)
        #expect(change.saved?.desired.services["web"]?.intent == .running)
        _ = try change.remove(["web"], stops: true)
        #expect(change.saved?.desired.services["web"]?.intent == .removed)
        _ = try change.remove(["old"], stops: true)
        #expect(change.saved?.desired.services["old"]?.intent == .removed)
    }
}
