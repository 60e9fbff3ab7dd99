// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The names of links that trice makes on the host. All carry the root's tag, so that what leaked can be found; none is
/// longer than the 15 bytes that the kernel allows (IFNAMSIZ).
package enum LinkName {
    /// `tr-<tag><4 characters of the network's name>`
    ///
    /// - Parameter salt: another one gives another name, for the rare case that two networks' names collide.
    package static func bridge(tag: String, network: String, salt: Int = 0) -> String {
        bridgePrefix(tag: tag) + hash("\(network)\0\(salt)", characters: 4)
    }

    /// `tv<tag><5 characters of the container and the network>`: the host's end of a veth pair.
    ///
    /// - Parameter salt: the container's pid does well: a network namespace dies slowly, so a container that starts again
    ///   at once would find its former name still taken.
    package static func veth(tag: String, container: String, network: String, salt: Int) -> String {
        vethPrefix(tag: tag) + hash("\(container)\0\(network)\0\(salt)", characters: 5)
    }

    package static func bridgePrefix(tag: String) -> String { "tr-\(tag)" }
    package static func vethPrefix(tag: String) -> String { "tv\(tag)" }

    /// FNV-1a of 64 bits in base 62.
    static func hash(_ text: String, characters: Int) -> String {
        let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        // The low bits of FNV-1a depend on little of the text: mix the halves.
        hash ^= hash >> 32
        return String(
            (0..<characters).map { _ in
                defer { hash /= 62 }
                return digits[Int(hash % 62)]
            })
    }
}
