// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux
import Reconciler
import Runtime
import Testing

@testable import Supervisor

/// The messages' form, which a supervisor of an earlier version has to understand, too.
@Suite struct MessageTests {
    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try encodeJSON(value), as: UTF8.self)
    }

    private func isWritten<Value: Codable>(_ value: Value, as form: String) throws {
        #expect(try text(value) == form)
        #expect(try text(decodeJSON(Value.self, from: Array(form.utf8))) == form)
    }

    @Test func `requests are as they were`() throws {
        for (command, form) in [
            (.start(services: ["a"], wait: true), #"{"start":{"services":["a"],"wait":true}}"#),
            (.stop(services: [], timeout: nil), #"{"stop":{"services":[]}}"#),
            (.stop(services: [], timeout: 3), #"{"stop":{"services":[],"timeout":3}}"#),
            (
                .restart(services: [], timeout: nil, ignoreDependencies: false),
                #"{"restart":{"ignoreDependencies":false,"services":[]}}"#
            ),
            (.kill(services: ["a"], signal: 9, index: 2), #"{"kill":{"index":2,"services":["a"],"signal":9}}"#),
            (.pause(services: ["a"], frozen: true), #"{"pause":{"frozen":true,"services":["a"]}}"#),
            (
                .remove(services: [], stop: true, volumes: false),
                #"{"remove":{"services":[],"stop":true,"volumes":false}}"#
            ),
            (.down(Request.DownOptions()), #"{"down":{"_0":{"volumes":false}}}"#),
            (.attach(service: "a", index: 1), #"{"attach":{"index":1,"service":"a"}}"#),
            (.wait(services: ["a"], any: true), #"{"wait":{"any":true,"services":["a"]}}"#),
            (.disconnect(container: "c", network: "n"), #"{"disconnect":{"container":"c","network":"n"}}"#),
            (.boot, #"{"boot":{}}"#), (.events(since: nil), #"{"events":{}}"#), (.status, #"{"status":{}}"#),
        ] as [(Request.Command, String)] { try isWritten(command, as: form) }
        let exec = try decodeJSON(
            Request.Command.self,
            from: encodeJSON(
                Request.Command.exec(.init(service: "a", index: 1, arguments: ["true"]))))
        guard case .exec(let options) = exec else { throw Failure("\(exec) is no exec") }
        #expect(options.arguments == ["true"])
    }

    @Test func `replies are as they were`() throws {
        for (reply, form) in [
            (.warning("w"), #"{"warning":{"_0":"w"}}"#), (.terminal, #"{"terminal":{}}"#),
            (.started("id"), #"{"started":{"_0":"id"}}"#), (.finished(3), #"{"finished":{"_0":3}}"#),
        ] as [(Reply, String)] { try isWritten(reply, as: form) }
    }

    @Test func `what launcher and supervisor say is as it was`() throws {
        for (request, form) in [
            (.exec(id: "i", hasControlGroup: true), #"{"exec":{"hasControlGroup":true,"id":"i"}}"#),
            (.keep(name: "n"), #"{"keep":{"name":"n"}}"#), (.drop(name: "n"), #"{"drop":{"name":"n"}}"#),
            (.forget(pid: 7), #"{"forget":{"pid":7}}"#), (.trace, #"{"trace":{}}"#), (.quit, #"{"quit":{}}"#),
        ] as [(LauncherRequest, String)] { try isWritten(request, as: form) }
        let child = LauncherReply.Child(id: "i", pid: 7)
        let ended = LauncherReply.Ended(id: "i", pid: 7, status: .signaled(9), time: 1)
        let end = #"{"id":"i","pid":7,"status":{"signaled":{"_0":9}},"time":1}"#
        for (reply, form) in [
            (
                .hello(children: [child], ended: [ended], kept: 2),
                #"{"hello":{"children":[{"id":"i","pid":7}],"ended":[\#(end)],"kept":2}}"#
            ),
            (.kept(name: "n"), #"{"kept":{"name":"n"}}"#),
            (.created(id: "i", pid: 7), #"{"created":{"id":"i","pid":7}}"#),
            (.ended(ended), #"{"ended":{"_0":\#(end)}}"#),
        ] as [(LauncherReply, String)] { try isWritten(reply, as: form) }
        try isWritten(SetupMessage.terminal, as: #"{"terminal":{}}"#)
    }

    @Test func `what is on record is as it was`() throws {
        for (status, form) in [
            (.exited(1), #"{"exited":{"_0":1}}"#), (.signaled(9), #"{"signaled":{"_0":9}}"#),
            (.unknown, #"{"unknown":{}}"#),
        ] as [(Linux.ExitStatus, String)] { try isWritten(status, as: form) }
        for (rule, form) in [
            (.no, #"{"no":{}}"#), (.always, #"{"always":{}}"#), (.unlessStopped, #"{"unlessStopped":{}}"#),
            (.onFailure(nil), #"{"onFailure":{}}"#), (.onFailure(3), #"{"onFailure":{"_0":3}}"#),
            (.atMost(3), #"{"atMost":{"_0":3}}"#),
        ] as [(RestartRule, String)] { try isWritten(rule, as: form) }
        for (kind, form) in [
            (.bind, #"{"bind":{}}"#), (.tmpfs, #"{"tmpfs":{}}"#), (.image(["/l"]), #"{"image":{"_0":["/l"]}}"#),
            (.shared(7), #"{"shared":{"_0":7}}"#),
        ] as [(ContainerSpec.MountSpec.Kind, String)] { try isWritten(kind, as: form) }
        for (source, form) in [
            (.own, #"{"own":{}}"#), (.host, #"{"host":{}}"#), (.process(7), #"{"process":{"_0":7}}"#),
        ] as [(ContainerSpec.Namespaces.Source, String)] { try isWritten(source, as: form) }
    }

    @Test(arguments: [#"{}"#, #"{"status":{},"boot":{}}"#, #"{"none":{}}"#, #"{"start":{"services":["a"]}}"#, #"[]"#])
    func `what is no request is refused`(_ form: String) {
        #expect(throws: DecodingError.self) { try decodeJSON(Request.Command.self, from: Array(form.utf8)) }
    }
}
