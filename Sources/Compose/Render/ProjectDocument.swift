// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

extension Project {
    /// The project as a Compose file that says everything, in docker compose's shape (`docker compose config`).
    package var document: Document {
        var fields = Fields()
        fields.add("name", .string(name))
        fields.add("services", .object(services.map { Document.Field($0.name, $0.document) }))
        fields.addUnlessEmpty("networks", networks.map { Document.Field($0.key, $0.document) })
        fields.addUnlessEmpty("volumes", volumes.map { Document.Field($0.key, $0.document) })
        for field in extensions { fields.add(field.name, field.value) }
        return fields.document
    }
}

extension Network {
    package var document: Document {
        var fields = Fields()
        fields.add("name", .string(name))
        fields.add("driver", driver)
        fields.addIfTrue("external", isExternal)
        fields.addIfTrue("internal", isInternal)
        fields.add("labels", labels)
        var ipam = Fields()
        ipam.addUnlessEmpty(
            "config",
            subnets.map { subnet in
                var fields = Fields()
                fields.add("subnet", subnet.subnet)
                fields.add("gateway", subnet.gateway)
                return fields.document
            })
        fields.add("ipam", ipam.document)
        return fields.document
    }
}

extension Volume {
    package var document: Document {
        var fields = Fields()
        fields.add("name", .string(name))
        fields.add("driver", driver)
        fields.addIfTrue("external", isExternal)
        fields.add("labels", labels)
        return fields.document
    }
}

/// An object in the making: what says nothing is left out.
struct Fields {
    private(set) var fields: [Document.Field] = []

    var document: Document { .object(fields) }

    mutating func add(_ name: String, _ value: Document) {
        fields.append(Document.Field(name, value))
    }

    mutating func add(_ name: String, _ text: String?) {
        if let text { add(name, .string(text)) }
    }

    mutating func add(_ name: String, _ number: Int?) {
        if let number { add(name, .int(Int64(number))) }
    }

    mutating func add(_ name: String, _ flag: Bool?) {
        if let flag { add(name, .bool(flag)) }
    }

    mutating func add(_ name: String, _ span: TimeSpan?) {
        if let span { add(name, .string(span.description)) }
    }

    mutating func add(_ name: String, _ size: ByteSize?) {
        if let size { add(name, .string(size.description)) }
    }

    mutating func addIfTrue(_ name: String, _ flag: Bool) {
        if flag { add(name, .bool(true)) }
    }

    mutating func add(_ name: String, _ strings: [String]) {
        addUnlessEmpty(name, strings.map { .string($0) })
    }

    mutating func add(_ name: String, _ labels: [Label]) {
        addUnlessEmpty(name, labels.map { Document.Field($0.name, .string($0.value)) })
    }

    mutating func addUnlessEmpty(_ name: String, _ items: [Document]) {
        if !items.isEmpty { add(name, .array(items)) }
    }

    mutating func addUnlessEmpty(_ name: String, _ fields: [Document.Field]) {
        if !fields.isEmpty { add(name, .object(fields)) }
    }
}
