// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// A server that a test has started on loopback, and that ends with it.
final class RegistryServer {
    let process: Process
    let port: Int
    /// Of a second server beside it.
    let otherPort: Int
    let directory: String

    private init(_ process: Process, _ directory: String, port: Int, otherPort: Int = 0) {
        (self.process, self.directory, self.port, self.otherPort) = (process, directory, port, otherPort)
    }

    deinit { end() }

    func end() {
        if !process.isRunning { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// How the registry wants to be spoken to.
    enum Kind { case open, protected, byCertificate }

    static let user = "me", password = "correct horse"

    /// Debian's `docker-registry`; the others have TLS and want a password, or a client's certificate.
    static func start(_ kind: Kind, in box: Sandbox) throws -> RegistryServer {
        let port = try freePort()
        let directory = "\(box.directory)/registry-\(port)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var more = ""
        if kind != .open {
            let made = box.run([
                "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout",
                "\(directory)/key.pem", "-out", "\(directory)/cert.pem",
            ])
            #expect(made.status == 0, "\(made)")
            // The password as bcrypt has it, which is all that the registry takes.
            let hashed = box.run(["/usr/bin/htpasswd", "-nbB", "-C", "4", user, password])
            #expect(hashed.status == 0, "\(hashed)")
            try hashed.out.write(toFile: "\(directory)/htpasswd", atomically: true, encoding: .utf8)
            more =
                kind == .byCertificate
                ? "  tls: {certificate: \(directory)/cert.pem, key: \(directory)/key.pem, clientcas: [\(directory)/cert.pem]}"
                : """
                  tls: {certificate: \(directory)/cert.pem, key: \(directory)/key.pem}
                auth: {htpasswd: {realm: test, path: \(directory)/htpasswd}}
                """
        }
        try """
        version: 0.1
        log: {level: error}
        storage: {filesystem: {rootdirectory: \(directory)/data}, delete: {enabled: true}}
        http:
          addr: 127.0.0.1:\(port)
        \(more)
        """.write(toFile: "\(directory)/config.yml", atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/docker-registry")
        process.arguments = ["serve", "\(directory)/config.yml"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let server = RegistryServer(process, directory, port: port)
        #expect(box.eventually { connects(to: port) }, "docker-registry does not answer")
        return server
    }

    /// `Tests/hostile-registry`: what it does wrong is the repository's name.
    static func startHostile(in box: Sandbox) throws -> RegistryServer {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("hostile-registry").path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [script, "\(box.directory)/requests"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let ports = line(of: output).split(separator: " ").compactMap { Int($0) }
        // Whatever comes: the value ends the process.
        let server = RegistryServer(
            process, box.directory, port: ports.first ?? 0, otherPort: ports.last ?? 0)
        try #require(ports.count == 2)
        return server
    }

    /// What the hostile registry was asked for: `PORT METHOD PATH with credentials|without RANGE`.
    var requests: [String] {
        ((try? String(contentsOfFile: "\(directory)/requests", encoding: .utf8)) ?? "").split(separator: "\n").map(
            String.init)
    }

    /// The first line that a process writes.
    static func line(of output: Pipe) -> String {
        var text = Data()
        while !text.contains(0x0A) {
            let part = output.fileHandleForReading.availableData
            if part.isEmpty { break }
            text += part
        }
        return String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self)
    }

    static func connects(to port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(port)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isBound)
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
