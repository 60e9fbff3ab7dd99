// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images

extension ImageStore {
    /// The images that a service mounts (`type: image`).
    ///
    /// - Throws: `Failure` at the place of one that is not there.
    package func mounted(by service: Service) throws -> [(mount: ImageMount, image: Image)] {
        var found: [(mount: ImageMount, image: Image)] = []
        for (index, mount) in service.mounts.enumerated() {
            guard case .image(let image) = mount, let source = image.source else { continue }
            do { found.append((image, try resolve(source))) } catch let failure as Failure {
                throw Failure(failure.message, at: service.place("volumes[\(index)].source"), hint: failure.hint)
            }
        }
        return found
    }
}

extension Service {
    /// The names of images that it mounts, and where they stand.
    package var mountedImages: [(name: String, place: SourceLocation)] {
        mounts.enumerated().compactMap { index, mount in
            guard case .image(let image) = mount, let source = image.source else { return nil }
            return (source, place("volumes[\(index)].source"))
        }
    }
}
