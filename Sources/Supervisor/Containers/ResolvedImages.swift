// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Images

/// Images by name, each read from the store once, until the store changes: many containers are made from one.
final class ResolvedImages {
    private let store: ImageStore
    private var images: [String: Image] = [:]
    private var version: UInt64 = 0

    init(_ store: ImageStore) { self.store = store }

    /// - Throws: what `ImageStore.resolve` says.
    func image(_ name: String) throws -> Image {
        // Before the store is read: what changes meanwhile is seen the next time.
        let version = store.version
        if version != self.version { (images, self.version) = ([:], version) }
        if let image = images[name] { return image }
        let image = try store.resolve(name)
        images[name] = image
        return image
    }
}
