// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Benchmark
import Core
import Glibc
import Images
import Linux

/// A compressed layer of 1,000 files of 4 KiB, which a process of trice's unpacks as `pull` has it.
private struct Layer {
    let directory: TemporaryDirectory
    private let program: String

    init() throws {
        guard let program = getenv("TRICE").map({ String(cString: $0) }) else {
            throw Failure("TRICE names no program")
        }
        self.program = program
        directory = try TemporaryDirectory()
        let files = "\(directory.path)/files"
        for number in 0..<1000 {
            try makeDirectories("\(files)/\(number / 50)")
            // As compressible as text is.
            let bytes = (0..<4096).map { UInt8(truncatingIfNeeded: 32 + ($0 * (number + 7) / 3) % 64) }
            try directory.write("files/\(number / 50)/\(number)", bytes)
        }
        let child = try spawn("tar", ["-C", files, "-czf", "\(directory.path)/layer", "."])
        guard try exitStatus(ofChild: child) == .exited(0) else { throw Failure("tar cannot pack the layer") }
    }

    func unpack() throws {
        let target = "\(directory.path)/unpacked"
        try removeTree(target)
        try makeDirectories(target)
        let layer = try Descriptor.open("\(directory.path)/layer", O_RDONLY)
        let output = try Descriptor.pipe()
        let child = try spawn(
            program, [UnpackProcess.argument, target, "\(1 << 30)"], descriptors: [0: layer.raw, 1: output.write.raw])
        let status = try exitStatus(ofChild: child)
        let report = String(decoding: try output.read.read(upTo: 4096), as: UTF8.self)
        guard status == .exited(0), !report.contains("refusal") else {
            throw Failure("the layer is refused: \(report)")
        }
    }
}

func layerBenchmarks() {
    Benchmark("layer, unpack 1,000 files of 4 KiB") { (_, layer: Layer) in
        try layer.unpack()
    } setup: {
        try Layer()
    }
}
