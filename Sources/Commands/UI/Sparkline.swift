// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A course of values as a row of blocks.
enum Sparkline {
    private static let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// The last values, one a column, the newest to the right; blanks where there are none yet.
    ///
    /// - Parameter most: what a full block stands for, at least; a higher value raises it for all.
    static func text(_ values: [Double], columns: Int, most: Double) -> String {
        let shown = values.suffix(columns)
        let top = max(most, shown.max() ?? 0)
        let text = shown.map { value in
            blocks[top > 0 ? min(blocks.count - 1, max(0, Int(value / top * Double(blocks.count)))) : 0]
        }
        return String(repeating: " ", count: columns - shown.count) + String(text)
    }
}
