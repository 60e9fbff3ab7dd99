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
        fields.addUnlessEmpty("configs", configs.map { Document.Field($0.key, $0.document) })
        fields.addUnlessEmpty("secrets", secrets.map { Document.Field($0.key, $0.document) })
        fields.addUnlessEmpty("models", models.map { Document.Field($0.key, $0.document) })
        for field in extensions { fields.add(field.name, field.value) }
        return fields.document
    }
}

extension Network {
    package var document: Document {
        var fields = Fields()
        if !name.isEmpty { fields.add("name", .string(name)) }
        fields.add("driver", driver)
        fields.addIfTrue("external", isExternal)
        fields.addIfTrue("internal", isInternal)
        fields.addIfTrue("attachable", isAttachable)
        fields.add("enable_ipv4", enableIPv4)
        fields.add("enable_ipv6", enableIPv6)
        fields.add("labels", labels)
        fields.add("driver_opts", driverOptions)
        var ipam = Fields()
        ipam.add("driver", ipamDriver)
        ipam.add("options", ipamOptions)
        ipam.addUnlessEmpty(
            "config",
            subnets.map { subnet in
                var fields = Fields()
                fields.add("subnet", subnet.subnet)
                fields.add("ip_range", subnet.ipRange)
                fields.add("gateway", subnet.gateway)
                fields.add("aux_addresses", subnet.auxiliaryAddresses)
                return fields.document
            })
        fields.add("ipam", ipam.document)
        return fields.document
    }
}

extension Volume {
    package var document: Document {
        var fields = Fields()
        if !name.isEmpty { fields.add("name", .string(name)) }
        fields.add("driver", driver)
        fields.add("driver_opts", driverOptions)
        fields.addIfTrue("external", isExternal)
        fields.add("labels", labels)
        return fields.document
    }
}
