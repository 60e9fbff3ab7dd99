// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Compose

/// What services have of each other and of networks.
@Suite struct SharingTests {
    @Test(
        "Links, shared volumes, networks, labels and logs are read",
        arguments: [
            KeyRow("links: [db, 'db:store']", #"["db","db:store"]"#),
            KeyRow("external_links: [a, 'b:c']", #"["a","b:c"]"#),
            KeyRow("volumes_from: [db, 'container:x:ro']", #"["db","container:x:ro"]"#),
            KeyRow("mac_address: 02:42:ac:11:65:43", #""02:42:ac:11:65:43""#),
            KeyRow("annotations: [a=1, b]", #"{"a":"1","b":""}"#),
            KeyRow("logging: {driver: d, options: {n: 3, e: }}", #"{"driver":"d","options":{"e":"","n":"3"}}"#),
            KeyRow("x-trice: {dns: healthy}", #"{"dns":"healthy"}"#),
            KeyRow("network_mode: container:x", #""container:x""#), KeyRow("pull_refresh_after: 24h", #""24h""#),
            KeyRow("pull_policy: if_not_present", #""missing""#),
            KeyRow(
                "networks: {default: {ipv4_address: 10.0.0.5, ipv6_address: 'fd::5', link_local_ips: [169.254.1.1], mac_address: 'a', priority: 1, gw_priority: 2, interface_name: e, driver_opts: {o: 3}}}",
                #"{"default":{"driver_opts":{"o":"3"},"gw_priority":2,"interface_name":"e","ipv4_address":"10.0.0.5","ipv6_address":"fd::5","link_local_ips":["169.254.1.1"],"mac_address":"a","priority":1}}"#
            ),
            KeyRow(
                "volumes: ['/a:/b:ro,rslave']",
                #"[{"bind":{"propagation":"rslave"},"read_only":true,"source":"/a","target":"/b","type":"bind"}]"#),
            KeyRow(
                "volumes: [{type: image, source: i, target: /t, image: {subpath: /s}}]",
                #"[{"image":{"subpath":"/s"},"source":"i","target":"/t","type":"image"}]"#),
            KeyRow(
                "volumes: [{type: volume, target: /t, volume: {subpath: s, labels: [a=b]}}]",
                #"[{"target":"/t","type":"volume","volume":{"labels":{"a":"b"},"subpath":"s"}}]"#),
            KeyRow(
                "volumes: [{type: bind, source: /a, target: /t, bind: {recursive: readonly, selinux: z}}]",
                #"[{"bind":{"recursive":"readonly","selinux":"z"},"source":"/a","target":"/t","type":"bind"}]"#),
            KeyRow(
                "volumes: [{type: cluster, source: g, target: /c}]", #"[{"source":"g","target":"/c","type":"cluster"}]"#
            ),
        ])
    func reading(row: KeyRow) throws { try row.check() }

    @Test(
        "Mistakes are found at their place",
        arguments: [
            MistakeRow("links: [ghost]", "4:13 undefined-service"),
            MistakeRow("volumes_from: [ghost]", "4:20 undefined-service"),
            MistakeRow("x-trice: {dns: helthy}", "4:20 bad-value"),
            MistakeRow("x-trice: {dms: healthy}", "4:15 unknown-key"),
            MistakeRow("label_file: nowhere", "4:17 missing-label-file"),
            MistakeRow("logging: {drivers: x}", "4:15 unknown-key"),
            MistakeRow("volumes: [{type: floppy, source: a, target: /a}]", "4:22 bad-value"),
            MistakeRow("volumes: [{type: bind, source: /a, target: /a, bind: {selinux: x}}]", "4:68 bad-value"),
        ])
    func refusing(row: MistakeRow) throws { try row.check() }

    @Test("What a service shares it depends on")
    func impliedDependencies() throws {
        let project = try project(
            "services: {a: {image: x, links: ['b:c'], volumes_from: [c, 'container:z']}, b: {image: x}, c: {image: x}}")
        #expect(
            project.services[0].dependencies == [
                Dependency(service: "b", restart: true), Dependency(service: "c", restart: false),
            ])
        #expect(project.services[0].links[0].alias == "c")
        #expect(project.services[0].volumesFrom[1].source == .container("z"))
    }

    @Test("Labels come from files, and the service's own win")
    func labelFiles() throws {
        let service = try web(
            "label_file: [one, two]\nlabels: {b: own}",
            files: ["one": "a=1\nb=1\nc=1\n", "two": "c=2\nd=\"two words\"\n"])
        #expect(service.labels.map { "\($0.name)=\($0.value)" } == ["a=1", "b=own", "c=2", "d=two words"])
        #expect(service.labelFiles.count == 2)
    }

    @Test("Networks and volumes of the project are read in full")
    func resources() throws {
        let project = try project(
            """
            services: {a: {image: x, networks: [n], volumes: ['v:/v']}}
            networks:
              n:
                driver: overlay
                driver_opts: {a: 5}
                attachable: true
                enable_ipv4: false
                enable_ipv6: true
                ipam:
                  driver: custom
                  options: {f: b}
                  config: [{subnet: 10.1.0.0/16, ip_range: 10.1.5.0/24, gateway: 10.1.0.1, aux_addresses: {h: 10.1.0.2}}]
            volumes: {v: {driver: local, driver_opts: {o: bind, device: ./data}}}
            """)
        let network = try #require(project.network("n"))
        #expect(network.driverOptions == [KeyValue(name: "a", value: "5")])
        #expect(network.isAttachable && network.enableIPv4 == false && network.enableIPv6 == true)
        #expect(network.ipamDriver == "custom" && network.ipamOptions == [KeyValue(name: "f", value: "b")])
        #expect(network.subnets[0].ipRange == "10.1.5.0/24")
        #expect(network.subnets[0].auxiliaryAddresses == [KeyValue(name: "h", value: "10.1.0.2")])
        #expect(network.places["driver"]?.description == "compose.yaml:4:13")
        #expect(project.volume("v")?.driverOptions[1].value == "\(project.workingDirectory)/data")
    }
}
