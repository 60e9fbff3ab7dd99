// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images
import Registry

/// What a registry lists as belonging to a manifest (OCI distribution specification, "Pushing Manifests with Subject").
struct Referrers {
    let push: Push
    let connection: RegistryConnection

    /// Sends an index of images whose subject is their application.
    func add(_ images: [ContentDescriptor], to application: ContentDescriptor) async throws {
        var index = ManifestIndex(images)
        (index.artifactType, index.subject) = (Application.artifactType, application)
        let bytes = try encodeJSON(index)
        var descriptor = ContentDescriptor(
            mediaType: ManifestIndex.mediaType, digest: "\(Digest(of: bytes))", size: Int64(bytes.count))
        descriptor.artifactType = index.artifactType
        let answer = try await put(bytes, at: descriptor.digest)
        // The registry's word for that it has seen to it.
        if answer.field("OCI-Subject") == nil { try await list(descriptor, under: application.digest) }
    }

    /// Where the registry knows no subjects, what belongs to a manifest stands in an index with a tag that is made from the
    /// manifest's digest ("Referrers Tag Schema").
    private func list(_ descriptor: ContentDescriptor, under subject: String) async throws {
        var tagged = connection.reference
        (tagged.tag, tagged.digest) = (subject.replacing(":", with: "-"), nil)
        var list = try decodeJSON(JSONValue.self, from: encodeJSON(ManifestIndex([])))
        if try await push.registries.digest(tagged, connection) != nil {
            list = try decodeJSON(
                JSONValue.self, from: try await push.registries.document(tagged, connection).bytes)
        }
        let entry = try decodeJSON(JSONValue.self, from: encodeJSON(descriptor))
        guard case .object(var fields) = list, case .array(var manifests)? = fields["manifests"] else {
            throw Failure("\(tagged): it is no index, and takes the place of the list of what belongs to \(subject)")
        }
        if manifests.contains(entry) { return }
        manifests.append(entry)
        fields["manifests"] = .array(manifests)
        try await put(encodeJSON(JSONValue.object(fields)), at: tagged.tag ?? "")
    }

    @discardableResult
    private func put(_ bytes: [UInt8], at name: String) async throws -> RegistryConnection.Answer {
        let document = ImageStore.PushSource.Document(
            digest: "\(Digest(of: bytes))", mediaType: ManifestIndex.mediaType, bytes: bytes)
        return try await push.put(document, at: name, connection.reference, connection)
    }
}
