// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Testing

@testable import Supervisor

@Suite struct ServableTests {
    private static let place = SourceLocation(file: "compose.yaml", line: 1, column: 1)

    private func refusal(_ change: (inout Service) -> Void) -> String? {
        var service = Service(name: "web", image: "x", location: Self.place)
        change(&service)
        do throws(Failure) {
            try Servable.check(service)
            return nil
        } catch {
            return error.message
        }
    }

    @Test("What the specification does not name is refused when the stack comes up")
    func unnamed() {
        #expect(refusal { $0.userNamespaceMode = "keep-id" } == "service web: userns_mode is not supported yet")
        #expect(refusal { $0.userNamespaceMode = "host" } == nil)
        #expect(refusal { $0.ipc = .other("container:") } == "service web: ipc is not supported yet")
        #expect(refusal { $0.pid = .other("x") } == "service web: pid is not supported yet")
        #expect(refusal { $0.uts = .other("x") } == "service web: uts is not supported yet")
    }

    @Test("A restart condition is one that is known")
    func conditions() {
        func condition(_ condition: Choice<Deploy.RestartRule.Condition>) -> (inout Service) -> Void {
            return { service in
                var rule = Deploy.RestartRule()
                rule.condition = condition
                service.deploy = Deploy()
                service.deploy?.restartPolicy = rule
            }
        }
        #expect(
            refusal(condition(.other("x"))) == "service web: deploy.restart_policy.condition is not supported yet")
        #expect(refusal(condition(.known(.unlessStopped))) == nil)
    }
}
