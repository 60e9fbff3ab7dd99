// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// The resolvers that programs really have, in a container's network: dig's, glibc's, musl's.
@Suite struct ResolverClientTests {
    /// `nsenter`'s words before a program of the host that is to run in a service's network, with its /etc/resolv.conf.
    private func inside(_ box: Sandbox, _ service: String) throws -> [String] {
        let pid = try #require(box.pid(of: service))
        let file = "\(box.directory)/root/projects/\(box.project)/containers/\(box.id(of: service))/resolv.conf"
        let script = "mount --bind \(file) /etc/resolv.conf && exec \"$@\""
        return [
            "/usr/bin/nsenter", "-t", "\(pid)", "-n", "/usr/bin/unshare", "-m", "/bin/sh", "-c", script, "sh",
        ]
    }

    @Test func `dig, glibc and musl get the same answers, also beside a name server of the container's own`() throws {
        try Sandbox.run("clients") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, command: [httpd, -f, -p, "53"] }
                  b: { image: busybox:1, init: true, scale: 3, networks: { default: { aliases: [database] } } }
                networks: { default: { internal: true } }
                """)
            box.must("up", "-d")
            let words = try inside(box, "a")
            func lines(_ command: String...) -> Set<String> { Set(box.run(words + command).lines) }
            let replicas = lines("/usr/bin/dig", "+short", "b")
            #expect(replicas.count == 3)
            #expect(lines("/usr/bin/dig", "+short", "+tcp", "DATABASE") == replicas)
            func addresses(_ text: [String]) -> Set<String> {
                Set(text.compactMap { $0.split(separator: " ").first.map(String.init) })
            }
            #expect(addresses(box.run(words + ["/usr/bin/getent", "ahostsv4", "b"]).lines) == replicas)
            #expect(box.run(words + ["/usr/bin/getent", "hosts", replicas.first ?? ""]).out.contains("clients-b-"))

            try box.write(
                """
                #include <netdb.h>
                #include <stdio.h>
                #include <arpa/inet.h>
                int main(int count, char **words) {
                    struct addrinfo *found, hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
                    if (count != 2 || getaddrinfo(words[1], 0, &hints, &found)) return 1;
                    for (; found; found = found->ai_next)
                        puts(inet_ntoa(((struct sockaddr_in *)found->ai_addr)->sin_addr));
                }
                """, to: "resolve.c")
            let made = box.run(["/usr/bin/musl-gcc", "-static", "-o", "\(box.work)/resolve", "\(box.work)/resolve.c"])
            #expect(made.status == 0, "\(made)")
            #expect(lines("\(box.work)/resolve", "database") == replicas)
            #expect(box.run(words + ["\(box.work)/resolve", "nobody"]).status == 1)

            // What there is no record of, what there is not, and what nobody asks any more (RFC 8482).
            func status(_ question: String...) -> String {
                let text = box.run(words + ["/usr/bin/dig"] + question).out
                let answers = text.firstMatch(of: /ANSWER: (\d+)/)?.1 ?? "?"
                return "\(text.firstMatch(of: /status: (\w+)/)?.1 ?? "?") \(answers)"
            }
            #expect(status("b", "MX") == "NOERROR 0")
            #expect(status("b", "AAAA") == "NOERROR 0")
            #expect(status("nobody.example") == "REFUSED 0", "an internal network asks nobody outside")
            #expect(status("+opcode=UPDATE", "b") == "NOTIMP 0")
        }
    }

    @Test func `of 20,000 queries from ten containers for 1,000 names none is lost`() throws {
        try Sandbox.run("queries") { box in
            let names = (0..<1000).map { "name\($0)" }
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, networks: { default: { aliases: [\(names.joined(separator: ", "))] } } }
                  b: { image: busybox:1, init: true, scale: 10 }
                """)
            box.must("up", "-d")
            let address = box.exec("a", "hostname", "-i").trimmingCharacters(in: .whitespacesAndNewlines)
            let questions = (0..<2000).map { "name\($0 % 1000)\n" }.joined()
            try box.write(questions, to: "names")
            let rows = box.ps().filter { $0.Service == "b" }
            let clients = try rows.enumerated().map { index, row in
                let pid = try #require(box.pid(ofContainer: row.ID))
                let process = Process()
                process.executableURL = URL(fileURLWithPath: "/usr/bin/nsenter")
                process.arguments =
                    [
                        "-t", "\(pid)", "-n", "/usr/bin/dig", "@127.0.0.11", "+short", "+tries=1",
                        "+time=20",
                    ]
                    + ["-f", "\(box.work)/names"]
                let output = "\(box.work)/answers\(index)"
                _ = FileManager.default.createFile(atPath: output, contents: nil)
                process.standardOutput = FileHandle(forWritingAtPath: output)
                try process.run()
                return process
            }
            #expect(clients.count == 10)
            for client in clients { client.waitUntilExit() }
            for index in clients.indices {
                let answers = box.read("answers\(index)").split(separator: "\n")
                #expect(answers.count == 2000 && Set(answers) == [Substring(address)])
            }
        }
    }
}
