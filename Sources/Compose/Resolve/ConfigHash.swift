// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Crypto

/// What a container was made from, as 64 hexadecimal digits: another hash means that the container must be made anew.
///
/// Left out is what a running container does not depend on: build, pull policy, the number of replicas and how they are
/// rolled out, dependencies, profiles, and the places in the file.
package func configHash(of service: Service) -> String {
    var service = service
    (service.build, service.develop, service.pullPolicy, service.scale) = (nil, nil, nil, nil)
    (service.dependencies, service.profiles) = ([], [])
    service.deploy?.replicas = nil
    service.deploy?.updateConfig = nil
    service.deploy?.rollbackConfig = nil
    if service.deploy == Deploy() { service.deploy = nil }
    return contentHash(Array(service.document.json(indent: false, sortedKeys: true).utf8))
}

/// SHA-256 (FIPS 180-4) as 64 hexadecimal digits.
package func contentHash(_ bytes: [UInt8]) -> String {
    let digest = SHA256.hash(data: bytes)
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
