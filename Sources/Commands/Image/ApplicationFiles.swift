// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images
import Linux

/// What `publish` sends: one Compose file, the files of env_file that it names, and what pins its images.
struct ApplicationFiles {
    private(set) var layers: [(descriptor: ContentDescriptor, bytes: [UInt8])] = []

    /// - Parameters:
    ///   - document: of the files, with nothing replaced in them.
    ///   - project: of the same files, with the paths of env_file.
    init(_ document: Document, _ project: Project) throws(Failure) {
        var contents: [String: [UInt8]] = [:]
        var document = document
        try document.change("services") { services throws(Failure) in
            for name in services.names {
                guard let service = project.service(name), !service.environmentFiles.isEmpty else { continue }
                try services.change(name) { service throws(Failure) in
                    try service.change("env_file") { list throws(Failure) in
                        list = try Self.renamed(list, project.service(name)?.environmentFiles ?? [], &contents)
                    }
                }
            }
        }
        add(Array(document.yaml().utf8), Application.composeFileType, [Application.composeFileName: "compose.yaml"])
        for (name, bytes) in contents.sorted(by: { $0.key < $1.key }) {
            add(bytes, Application.environmentFileType, [Application.environmentFileName: name])
        }
    }

    /// Adds a file that names each image of the project as it is there: with its digest.
    mutating func pin(_ project: Project) {
        add(
            Array(project.imagesDocument.yaml().utf8), Application.composeFileType,
            [Application.composeFileName: "image-digests.yaml"])
    }

    /// The list with the names that the files have in the application. One that need not be there, and is not, keeps its own.
    private static func renamed(
        _ list: Document, _ files: [EnvironmentFile], _ contents: inout [String: [UInt8]]
    ) throws(Failure) -> Document {
        let files = try files.map { file throws(Failure) -> (file: EnvironmentFile, name: String)? in
            guard file.isRequired || exists(file.path) else { return nil }
            let name = "\(Digest(of: Array(file.path.utf8)).hex).env"
            do { contents[name] = try readFile(file.path, limit: Int(Application.largestLayer)) } catch {
                throw Failure("\(error)")
            }
            return (file, name)
        }
        guard case .array(let items) = list, items.count == files.count else {
            throw Failure("env_file names a file twice", hint: "name it once")
        }
        return .array(
            zip(items, files).map { item, file in
                guard let file else { return item }
                guard case .object(var fields) = item else { return .string(file.name) }
                for index in fields.indices where fields[index].name == "path" {
                    fields[index].value = .string(file.name)
                }
                return .object(fields)
            })
    }

    private mutating func add(_ bytes: [UInt8], _ type: String, _ annotations: [String: String]) {
        var descriptor = ContentDescriptor(
            mediaType: type, digest: "\(Digest(of: bytes))", size: Int64(bytes.count))
        descriptor.annotations = annotations
        layers.append((descriptor, bytes))
    }

    /// Writes blobs by the digits of their digests, a manifest among them.
    ///
    /// - Parameter hasArtifactType: as OCI's image specification 1.1 has it.
    /// - Returns: the manifest's digest.
    func write(to directory: String, hasArtifactType: Bool) throws -> String {
        func blob(_ bytes: [UInt8], _ type: String) throws -> ContentDescriptor {
            let digest = Digest(of: bytes)
            try writeAtomically("\(directory)/\(digest.hex)", bytes, durable: false)
            return ContentDescriptor(mediaType: type, digest: "\(digest)", size: Int64(bytes.count))
        }
        let config = try blob(
            Array("{}".utf8), hasArtifactType ? Application.emptyType : Application.configType)
        for layer in layers { _ = try blob(layer.bytes, layer.descriptor.mediaType) }
        var manifest = Manifest(config: config, layers: layers.map(\.descriptor))
        if hasArtifactType { manifest.artifactType = Application.artifactType }
        return try blob(encodeJSON(manifest), Manifest.mediaType).digest
    }
}

extension Document {
    /// Changes the value of a field of an object, where there is one.
    fileprivate mutating func change(
        _ name: String, _ body: (inout Document) throws(Failure) -> Void
    ) throws(Failure) {
        guard case .object(var fields) = self, let index = fields.firstIndex(where: { $0.name == name }) else { return }
        try body(&fields[index].value)
        self = .object(fields)
    }
}
