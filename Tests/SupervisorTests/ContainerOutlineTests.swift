// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images
import Linux
import Reconciler
import Testing

@testable import Supervisor

/// What lists read of a container's record.
@Suite struct ContainerOutlineTests {
    private func record(_ change: (inout ContainerRecord) -> Void) -> ContainerRecord {
        let service = Service(name: "web", image: "web:1", location: .init(file: "compose.yaml", line: 2, column: 3))
        let config = ContainerConfig(
            id: "1f", name: "shop-web-1", project: "shop", service: "web", number: 1, hash: "h", image: "web:1",
            imageID: "sha256:2", imageConfig: ImageConfig(), layers: ["/l"], created: 5, definition: service,
            labels: [:],
            configFiles: ["/shop/compose.yaml"], workingDirectory: "/shop", volumes: [:], anonymousVolumes: [])
        var record = ContainerRecord(config: config, storedState: nil)
        change(&record)
        return record
    }

    private func read<Record: StoredContainer>(_ record: ContainerRecord, _ type: Record.Type) throws -> Record {
        Record(
            config: try decodeJSON(Record.Config.self, from: encodeJSON(record.config)),
            storedState: try decodeJSON(Record.State.self, from: encodeJSON(record.state)))
    }

    @Test func `the outline is that part of the record, and the record is read as it was written`() throws {
        let records = [
            record { _ in },
            record {
                $0.config.definition.command = ["serve"]
                $0.config.definition.expose = ["80"]
                $0.config.definition.restart = .onFailure(attempts: 3)
                $0.config.imageConfig.entrypoint = ["/init"]
                $0.config.imageConfig.exposedPorts = ["90/udp": .init()]
                $0.config.labels = ["a": "b"]
                $0.state.reconciled.phase = .exited
                ($0.state.reconciled.exitCode, $0.state.reconciled.finished) = (-1, 7)
                $0.state.oomKilled = true
            },
            record {
                $0.config.definition.entrypoint = []
                $0.config.imageConfig.cmd = ["sh"]
                $0.config.definition.deploy = Deploy()
                $0.config.definition.deploy?.restartPolicy = .init()
                $0.state.reconciled.phase = .running
                $0.state.process = ProcessIdentity(pid: 9, startTime: 11)
                $0.state.paused = true
                $0.state.addresses = [
                    Attachment(
                        network: "shop_default", interface: "eth0", address: "10.0.0.2", prefixLength: 24,
                        gateway: "10.0.0.1", mac: "", names: ["web"])
                ]
                $0.state.ports = [BoundPort(hostIP: "0.0.0.0", published: 8080, target: 80, transport: "tcp")]
            },
        ]
        for record in records {
            #expect(try read(record, ContainerRecord.self) == record)
            #expect(try "\(read(record, ContainerOutline.self))" == "\(record.outline)")
        }
    }

    @Test func `one that was made and not started has no state on record`() throws {
        let made = record { $0.state = ContainerRecordState(madeOf: $0.config) }
        let outline = ContainerOutline(
            config: try decodeJSON(ContainerOutline.Config.self, from: encodeJSON(made.config)), storedState: nil)
        #expect(outline.state.reconciled.phase == .created)
        #expect(outline.state.reconciled.created == 5)
    }
}
