// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Registry

/// The program that speaks to registries, `trice-registry`: beside this one, or where `make install` puts it.
enum RegistryProgram {
    /// Has it do something, and follows what it says.
    ///
    /// - Returns: whether all went well; what did not was among the events.
    static func run(_ request: TransferRequest, onEvent: (TransferEvent) throws -> Void) throws -> Bool {
        let (input, output) = (try Descriptor.pipe(), try Descriptor.pipe())
        let process = try spawn(try path(), [], descriptors: [0: input.read.raw, 1: output.write.raw])
        input.read.close()
        output.write.close()
        var request = request
        request.parallelism = Trice.parallelism
        try input.write.writeAll(encodeJSON(request))
        input.write.close()
        var rest: [UInt8] = []
        while true {
            let part = try output.read.read(upTo: 1 << 16)
            if part.isEmpty { break }
            rest += part
            while let end = rest.firstIndex(of: 0x0A) {
                try onEvent(try decodeJSON(TransferEvent.self, from: Array(rest[..<end])))
                rest.removeFirst(end + 1)
            }
        }
        let status = try exitStatus(ofChild: process)
        if case .signaled(let signal) = status { throw Failure("trice-registry was ended by signal \(signal)") }
        return status == .exited(0)
    }

    private static func path() throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        try check("readlink", "/proc/self/exe") { readlink("/proc/self/exe", &buffer, Int(PATH_MAX)) }
        let own = parentDirectory(
            String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        let places = ["\(own)/trice-registry", "\(parentDirectory(own))/libexec/trice/trice-registry"]
        guard let path = places.first(where: { access($0, X_OK) == 0 }) else {
            throw Failure(
                "the program trice-registry, which speaks to registries, is neither \(places[0]) nor \(places[1])",
                hint: "make build makes it, make install lays it down")
        }
        return path
    }
}
