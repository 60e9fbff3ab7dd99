// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// libnftables(3), loaded when first used: a command that touches no network does not pay for it.
///
/// Works in the network namespace that the thread is in when it is made.
final class NFTables {
    enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// The library is not there, or lacks a function; dlerror(3)'s text.
        case library(String)
        /// The kernel or the parser refused the commands; the library's text.
        case refused(String)

        var description: String {
            switch self {
            case .library(let text): "the firewall needs libnftables: \(text)"
            case .refused(let text): "nftables: \(text)"
            }
        }
    }

    private typealias Context = OpaquePointer
    private struct Functions {
        let new: @convention(c) (UInt32) -> Context?
        let free: @convention(c) (Context?) -> Void
        let bufferOutput: @convention(c) (Context?) -> Int32
        let bufferError: @convention(c) (Context?) -> Int32
        let run: @convention(c) (Context?, UnsafePointer<CChar>) -> Int32
        let output: @convention(c) (Context?) -> UnsafePointer<CChar>?
        let error: @convention(c) (Context?) -> UnsafePointer<CChar>?
    }

    private let functions: Functions
    private let context: Context
    private let hasReserved: Bool

    /// The library waits for the kernel with select(2), which knows descriptors below FD_SETSIZE (1024) only, and aborts the
    /// process where its own is another one. Numbers are kept for it as long as there are low ones: for the firewall's
    /// context, and for one more beside it. They are used by one thread.
    nonisolated(unsafe) private static var reserved: [Descriptor] = []
    private static let mostContexts = 2

    static func reserveDescriptors() throws(SystemError) {
        while reserved.count < mostContexts { reserved.append(try Descriptor.open("/dev/null", O_RDONLY)) }
    }

    init() throws(Problem) {
        guard let library = dlopen("libnftables.so.1", RTLD_NOW) else { throw .library(NFTables.lastError()) }
        functions = Functions(
            new: try NFTables.symbol(library, "nft_ctx_new"),
            free: try NFTables.symbol(library, "nft_ctx_free"),
            bufferOutput: try NFTables.symbol(library, "nft_ctx_buffer_output"),
            bufferError: try NFTables.symbol(library, "nft_ctx_buffer_error"),
            run: try NFTables.symbol(library, "nft_run_cmd_from_buffer"),
            output: try NFTables.symbol(library, "nft_ctx_get_output_buffer"),
            error: try NFTables.symbol(library, "nft_ctx_get_error_buffer"))
        // The kernel gives the lowest number that is free.
        let place = NFTables.reserved.popLast()
        place?.close()
        hasReserved = place != nil
        guard let context = functions.new(0 /* NFT_CTX_DEFAULT */) else { throw .library("nft_ctx_new failed") }
        self.context = context
        guard functions.bufferOutput(context) == 0, functions.bufferError(context) == 0 else {
            functions.free(context)
            throw .library("no memory for its output")
        }
    }

    deinit {
        functions.free(context)
        guard hasReserved else { return }
        let place = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
        if place >= 0 { NFTables.reserved.append(Descriptor(place)) }
    }

    /// Does all the commands as one transaction, or none.
    ///
    /// - Returns: what they print.
    @discardableResult
    func run(_ commands: String) throws(Problem) -> String {
        let start = Trace.now
        let status = functions.run(context, commands)
        if start > 0 { Trace.recordCall("nft", commands, since: start) }
        // Reading a buffer resets it, so both are read whatever the status.
        let output = functions.output(context).map { String(cString: $0) } ?? ""
        let error = functions.error(context).map { String(cString: $0) } ?? ""
        guard status == 0 else {
            let lines = error.split(separator: "\n").filter { !$0.allSatisfy { $0 == "^" || $0 == " " } }
            throw .refused(lines.prefix(4).joined(separator: "; "))
        }
        return output
    }

    private static func symbol<T>(_ library: UnsafeMutableRawPointer, _ name: String) throws(Problem) -> T {
        guard let address = dlsym(library, name) else { throw .library(lastError()) }
        return unsafeBitCast(address, to: T.self)
    }

    private static func lastError() -> String { dlerror().map { String(cString: $0) } ?? "unknown error" }
}
