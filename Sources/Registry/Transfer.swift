// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// What the program `trice-registry` is asked for: one JSON document on its standard input. Its answers are events, one a
/// line, on its standard output.
package struct TransferRequest: Codable, Sendable {
    package enum Operation: String, Codable, Sendable {
        /// Fetches images into the store.
        case pull
        /// Sends images of the store.
        case push
        /// Asks for the digests that names stand for now.
        case resolve
        /// Tries credentials, and keeps them where they are good.
        case login
        /// Forgets credentials.
        case logout
        /// Fetches a file, of no registry: a build's context.
        case download
        /// Sends the files of a Compose application.
        case publish
        /// Fetches the files of a Compose application.
        case fetch
    }

    /// An image to be transferred.
    package struct Item: Codable, Hashable, Sendable {
        package var reference: String
        /// Which of an index is wanted; this host's where it is not given.
        package var platform: String?
        /// All that an index has, not one.
        package var allPlatforms: Bool?

        package init(reference: String, platform: String? = nil) {
            (self.reference, self.platform) = (reference, platform)
        }
    }

    package var operation: Operation
    package var items: [Item] = []
    /// Of `login` and `logout`: `HOST[:PORT]`.
    package var registry: String?
    package var user: String?
    package var password: String?
    /// Of `download`: where it is had, and the file that it becomes. Of `publish`: the directory that has the blobs by the
    /// digits of their digests. Of `fetch`: the directory in which the application gets one, by its digest's.
    package var address: String?
    package var file: String?
    /// How many pulls, and blobs of a push, go on at once; nil: as many as the settings allow.
    package var parallelism: Int?
    /// Of `publish`: the digests of manifests, of which the registry gets the first that it takes.
    package var manifests: [String]?
    /// Of `publish`: names of images that are copied into the application's repository.
    package var images: [String]?

    package init(_ operation: Operation, items: [Item] = []) { (self.operation, self.items) = (operation, items) }
}

/// What `trice-registry` says while it works.
package struct TransferEvent: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// Something of an image or of one of its layers goes on.
        case progress
        /// An image is there, or sent; a name is resolved.
        case done
        /// An image is not; the others go on.
        case failed
    }

    package enum State: String, Codable, Sendable {
        case resolving, waiting, downloading, verified, unpacking, ready, uploading, mounted, present, retrying
    }

    package var kind: Kind
    /// As it was asked for.
    package var image: String
    /// A layer's digest.
    package var layer: String?
    package var state: State?
    /// In bytes, of `total`.
    package var current: Int64?
    package var total: Int64?
    /// Of a done image: its id and the digest of its manifest or index.
    package var id: String?
    package var digest: String?
    /// Whether it was there before.
    package var isUnchanged: Bool?
    package var detail: String?
    package var failure: Failure?

    package init(_ kind: Kind, image: String) { (self.kind, self.image) = (kind, image) }

    package static func layer(
        _ digest: String, of image: String, _ state: State, current: Int64? = nil, total: Int64? = nil
    ) -> TransferEvent {
        var event = TransferEvent(.progress, image: image)
        (event.layer, event.state, event.current, event.total) = (digest, state, current, total)
        return event
    }
}
