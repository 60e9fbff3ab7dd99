// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Crypto

/// What a container was made from, as 64 hexadecimal digits: another hash means that the container must be made anew.
package func configHash(of service: Service) -> String {
    contentHash(Array(containerDocument(of: service).json(indent: false, sortedKeys: true).utf8))
}

/// What a container is made from, of what the file says of its service.
///
/// Left out is what a running container does not depend on: build, pull policy, the number of replicas and how they are
/// rolled out, dependencies, profiles, what is watched during development, what is done about its health and its end, and
/// the places in the file.
package func containerDocument(of service: Service) -> Document {
    var relevant = service
    relevant.build = nil
    relevant.pullPolicy = nil
    relevant.pullRefreshAfter = nil
    relevant.scale = nil
    relevant.deploy?.replicas = nil
    relevant.deploy?.updateConfig = nil
    relevant.deploy?.rollbackConfig = nil
    if relevant.deploy == Deploy() { relevant.deploy = nil }
    relevant.develop = nil
    relevant.trice?.onUnhealthy = nil
    relevant.trice?.rerun = nil
    relevant.dependencies = []
    relevant.profiles = []
    // Only the files' content matters, which is among the labels.
    relevant.labelFiles = []
    return relevant.document
}

/// What a network is made of, as 64 hexadecimal digits: another hash means that it must be made anew.
package func configHash(of network: Network) -> String {
    contentHash(Array(network.document.json(indent: false, sortedKeys: true).utf8))
}

/// SHA-256 (FIPS 180-4) as 64 hexadecimal digits.
package func contentHash(_ bytes: [UInt8]) -> String {
    let digest = SHA256.hash(data: bytes)
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
