// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux
import Reconciler

/// What is read of a container's two files: all (`ContainerRecord`), or what lists show (`ContainerOutline`).
package protocol StoredContainer: Sendable {
    associatedtype Config: StoredConfig
    associatedtype State: StoredState

    var config: Config { get }
    var state: State { get set }

    /// - Parameter storedState: nil where nothing has happened to the container since it was made.
    init(config: Config, storedState: State?)
}

package protocol StoredConfig: Decodable, Sendable {
    var service: String { get }
    var number: Int { get }
    var created: UInt64 { get }
}

package protocol StoredState: Decodable, Sendable {
    var reconciled: ContainerState { get set }
    var process: ProcessIdentity? { get }
}
