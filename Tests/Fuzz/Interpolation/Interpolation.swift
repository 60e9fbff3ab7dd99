// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Driver

/// Text with variables becomes text, or is refused; a text without a dollar sign stays.
@main struct Interpolation {
    static func main() {
        fuzz { start, count in
            let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
            let template = Template(lookup: { ["A": "a", "EMPTY": "", "LONG": "${A}"][$0] })
            do throws(Template.Failure) {
                let expanded = try template.expanded(text)
                expect(text.contains("$") || expanded == text, "a text without variables changed")
            } catch {
                expect(text.contains("$"), "a text without variables was refused")
            }
            return 0
        }
    }
}
