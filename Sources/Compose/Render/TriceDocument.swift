// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

extension TriceExtension {
    func add(to fields: inout Fields) {
        var own = Fields()
        if let ready { own.add("ready", ready.document) }
        own.add("on-unhealthy", onUnhealthy?.rawValue)
        own.add("rerun", rerun?.rawValue)
        own.add("dns", dns?.rawValue)
        own.add("owner", owner?.rawValue)
        fields.addUnlessEmpty("x-trice", own.fields)
    }
}

extension Readiness {
    fileprivate var document: Document {
        var fields = Fields()
        switch sign {
        case .port(let port): fields.add("port", Int(port))
        case .log(let pattern): fields.add("log", .string(pattern))
        case .file(let path): fields.add("file", .string(path))
        case .http(let port, let path):
            var request = Fields()
            request.add("port", Int(port))
            request.add("path", .string(path))
            fields.add("http", request.document)
        }
        fields.add("timeout", timeout)
        return fields.document
    }
}
