// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Linux
import Registry

/// Compose applications that registries have (`oci://…`), fetched once a digest below `$XDG_CACHE_HOME/trice/applications`.
struct ApplicationCache: Sendable {
    let environment: [String: String]

    /// The Compose file of the application, as the registry has it now.
    func file(_ name: String) throws(FetchFailure) -> String {
        do {
            let directory = try CacheDirectory.path("applications", environment)
            var request = TransferRequest(.fetch, items: [TransferRequest.Item(reference: name)])
            request.file = directory
            var place: String?
            var failure: Failure?
            let isGood = try RegistryProgram.run(request) { event in
                failure = failure ?? event.failure
                if event.kind == .done { place = event.detail }
            }
            if let failure { throw failure }
            guard isGood, let place else { throw Failure("trice-registry ended without saying why") }
            return "\(place)/compose.yaml"
        } catch let failure as Failure {
            throw FetchFailure(failure.message, hint: failure.hint)
        } catch let failure as FetchFailure {
            throw failure
        } catch { throw FetchFailure("\(error)") }
    }
}
