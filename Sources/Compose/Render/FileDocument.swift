// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

extension FileReference {
    /// - Parameter defaultTarget: the path that stands for none, where docker compose shows one.
    func document(defaultTarget: String? = nil) -> Document {
        var fields = Fields()
        fields.add("source", .string(source))
        fields.add("target", target ?? defaultTarget)
        fields.add("uid", uid)
        fields.add("gid", gid)
        fields.add("mode", mode.map { "0" + String($0, radix: 8) })
        return fields.document
    }
}

extension FileObject {
    package var document: Document {
        var fields = Fields()
        if !name.isEmpty { fields.add("name", .string(name)) }
        switch content {
        case .file(let path): fields.add("file", path)
        case .environment(let variable, _): fields.add("environment", variable)
        case .inline(let text): fields.add("content", .string(text))
        case .elsewhere: break
        }
        fields.addIfTrue("external", isExternal)
        fields.add("labels", labels)
        fields.add("driver", driver)
        fields.add("driver_opts", driverOptions)
        fields.add("template_driver", templateDriver)
        return fields.document
    }
}

extension LanguageModel {
    package var document: Document {
        var fields = Fields()
        fields.add("name", name)
        fields.add("model", .string(model))
        fields.add("context_size", contextSize)
        fields.add("runtime_flags", runtimeFlags)
        return fields.document
    }
}

extension ModelUse {
    var document: Document {
        guard hasOptions else { return .null }
        var fields = Fields()
        fields.add("endpoint_var", endpointVariable)
        fields.add("model_var", modelVariable)
        return fields.document
    }
}
