// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Driver
import Glibc

/// The file that each input is written to: the loader reads files.
private let directory: String = {
    var template = Array("/tmp/trice-fuzz-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { fatalError("mkdtemp: \(String(cString: strerror(errno)))") }
    atexit { for name in ["compose.yaml", ""] { remove("\(directory)/\(name)") } }
    return String(cString: made)
}()

/// A Compose file makes a project or is refused with reasons; what is printed of a project makes the same project.
@main struct Loader {
    static func main() {
        fuzz { start, count in
            guard let first = printed(Array(UnsafeBufferPointer(start: start, count: count))) else { return 0 }
            // Dollar signs of keys are doubled each time, as docker compose does it.
            guard !first.contains("$") else { return 0 }
            let second = printed(Array(first.utf8))
            expect(second == first, "what was printed makes another project:\n\(first)\n---\n\(second ?? "none")")
            return 0
        }
    }
}

/// The project of a file as `config` prints it; nil where it is refused.
private func printed(_ bytes: [UInt8]) -> String? {
    let file = open("\(directory)/compose.yaml", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    expect(file >= 0 && write(file, bytes, bytes.count) == bytes.count, "cannot write the input")
    close(file)
    let request = LoadRequest(
        projectName: "fuzz", profiles: ["*"], environment: ["A": "a", "HOME": "/home"], workingDirectory: directory)
    do throws(LoadError) {
        return renderYAML(try load(request))
    } catch {
        expect(!error.description.isEmpty, "refused without a reason")
        return nil
    }
}
