// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Crypto

/// What a container was made from, as 64 hexadecimal digits: another hash means that the container must be made anew.
///
/// Left out is what a running container does not depend on: build, pull policy, the number of replicas, dependencies,
/// profiles, and the places in the file.
package func configHash(of service: Service) -> String {
    // Of `deploy` the model holds `replicas` only; what else comes to it belongs into the hash.
    let irrelevant: Set<String> = ["build", "pull_policy", "scale", "deploy", "depends_on", "profiles"]
    guard case .object(let fields) = service.document else { return "" }
    let relevant = Document.object(fields.filter { !irrelevant.contains($0.name) })
    let digest = SHA256.hash(data: Array(relevant.json(indent: false, sortedKeys: true).utf8))
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
