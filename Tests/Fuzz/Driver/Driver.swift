// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc

/// libFuzzer's own loop: SwiftPM's executables have a `main` of theirs (LLVM, `FuzzerInterface.h`).
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ input: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Gives `input` one byte string after the other, with libFuzzer's options from the command line, until it traps.
package func fuzz(_ input: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt) -> Never {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(runDriver(&count, &arguments, input))
}

/// Ends the process, so that libFuzzer keeps the input, unless the condition holds: a release's `precondition` is mute.
package func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
    guard !condition else { return }
    let text = Array("\(message())\n".utf8)
    _ = write(STDERR_FILENO, text, text.count)
    abort()
}
