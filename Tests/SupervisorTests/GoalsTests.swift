// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Reconciler
import Testing

@testable import Supervisor

@Suite struct GoalsTests {
    @Test func `up does not forget a restart that is under way`() throws {
        var project = Project(name: "shop", workingDirectory: "/shop")
        project.services = [
            Service(name: "web", image: "web:1", location: SourceLocation(file: "compose.yaml", line: 1, column: 1))
        ]
        func up(_ before: Desired?, now: UInt64) -> Desired {
            Goals.up(project, .init(), before: before, hasImageHealthcheck: [], now: now).desired
        }
        var desired = up(nil, now: 10)
        desired.services["web"]?.restart(at: 20)
        // What has ended for the restart, by itself and well, is no one-shot that has done its work.
        var container = ContainerState(id: "1", name: "shop-web-1", service: "web", number: 1, hash: "")
        container.hash = desired.services["web"]?.hash ?? ""
        (container.phase, container.created, container.started, container.finished) = (.exited, 11, 12, 25)
        let next = up(desired, now: 30)
        #expect(next.services["web"]?.restartBefore == 20)
        #expect(
            plan(next, Observed(containers: [container], networks: [], volumes: []), now: 31).actions
                == [.start(container: "1")])
    }
}
