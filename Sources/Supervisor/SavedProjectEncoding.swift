// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core

/// What is desired as JSON. Its greatest part is the project, which most requests leave as it was: that part is encoded when it
/// has changed.
struct SavedProjectEncoding {
    private var last: (project: Project, text: [UInt8])?

    mutating func encode(_ saved: SavedProject) throws -> [UInt8] {
        let project: [UInt8]
        if let last, last.project == saved.project {
            project = last.text
        } else {
            project = try encodeJSON(saved.project)
            last = (saved.project, project)
        }
        var text = Array(#"{"desired":"#.utf8) + (try encodeJSON(saved.desired))
        if let previous = saved.previous { text += Array(#","previous":"#.utf8) + (try encodeJSON(previous)) }
        return text + Array(#","project":"#.utf8) + project + [UInt8(ascii: "}")]
    }
}

extension Supervisor {
    /// Makes this what is desired, here and on record.
    func keep(_ next: SavedProject) throws {
        if next == saved && isSavedOnDisk { return }
        (saved, isSavedOnDisk) = (next, false)
        try records.write(desired: savedEncoding.encode(next))
        isSavedOnDisk = true
    }
}
