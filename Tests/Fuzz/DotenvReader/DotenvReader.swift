// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Driver

/// A file of variables is read or refused, in both formats.
@main struct DotenvReader {
    static func main() {
        fuzz { start, count in
            let source = SourceFile(name: "fuzz", bytes: Array(UnsafeBufferPointer(start: start, count: count)))
            var dotenv = Dotenv(environment: ["A": "a", "HOME": "/home"])
            do throws(Diagnostic) {
                for (name, _) in try dotenv.read(source) { expect(!name.isEmpty, "a variable without a name") }
            } catch {
                expect(error.place != nil, "refused without a place")
            }
            var raw = Dotenv(environment: [:])
            do throws(Diagnostic) {
                for (name, _) in try raw.readRaw(source) { expect(!name.isEmpty, "a variable without a name") }
            } catch {
                expect(error.place != nil, "refused without a place")
            }
            return 0
        }
    }
}
