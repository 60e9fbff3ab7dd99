// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

/// `inspect` and `ls` of what lies beside stacks, with the templates that scripts give to docker.
@Suite struct InspectTests {
    @Test func `scripts get the fields that they ask for`() throws {
        try Sandbox.run("inspect") { box in
            try box.write(
                """
                services: { a: { image: busybox:1, init: true, volumes: ["data:/data"] } }
                networks: { default: { ipam: { config: [{ subnet: 10.231.8.0/24 }] } } }
                volumes: { data: { labels: { kind: precious } } }
                """)
            box.must("up", "-d")
            #expect(box.must("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").out == "busybox:1\n")
            let image = box.must(
                "image", "inspect", "-f", "{{.Os}} {{index .RepoTags 0}} {{len .RootFS.Layers}}", "busybox:1")
            #expect(image.out == "linux busybox:1 1\n")
            #expect(box.must("volume", "ls", "--format", "{{.Driver}} {{.Name}}").out == "local inspect_data\n")
            let volume = box.must(
                "volume", "inspect", "-f", "{{.Name}} {{index .Labels \"kind\"}}{{index .Labels \"none\"}}",
                "inspect_data")
            #expect(volume.out == "inspect_data precious\n")
            let network = box.must(
                "network", "inspect", "--format",
                "{{range .IPAM.Config}}{{.Subnet}}{{end}} {{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}",
                "inspect_default")
            #expect(network.out == "10.231.8.0/24 inspect-a-1 10.231.8.2/24\n")
            #expect(box.must("network", "inspect", "--format", "json", "inspect_default").lines.count == 1)
            let wrong = box.try_("network", "inspect", "-f", "{{range .IPAM}}", "inspect_default")
            #expect(wrong.status != 0 && wrong.err.contains("{{range .IPAM}} has no {{end}}"), "\(wrong)")
        }
    }
}
