// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Glibc
import Images
import Linux
import Reconciler
import Runtime

extension Supervisor {
    /// Makes the replica of a service that the plan asks for.
    func createContainer(_ name: String, _ number: Int) -> Bool {
        guard let saved, let service = saved.project.service(name), let goal = saved.desired.services[name] else {
            return false
        }
        do {
            let named = service.containerName ?? "\(paths.project)-\(name)-\(number)"
            fillVolumes(of: try make(service, name: named, number: number, hash: goal.hash))
            return true
        } catch {
            // What is planned next knows of it.
            creationFailures[name] = (error as? Failure ?? Failure("\(error)", at: service.location), realTime())
            return true
        }
    }

    /// Makes a container: its record, its directories, its anonymous volumes. Nothing of it runs yet.
    func make(_ service: Service, name: String, number: Int, hash: String) throws -> Container {
        if let other = containers.values.first(where: { $0.record.name == name }) {
            throw Failure(
                "the name \(name) is in use by container \(other.id.prefix(12))", at: service.place("container_name"))
        }
        if number != 1 || service.containerName != nil { try checkName(name, of: service) }
        let image: Image
        do { image = try resolvedImages.image(imageName(of: service)) } catch let failure as Failure {
            throw Failure(failure.message, at: service.place("image"), hint: failure.hint, exitCode: failure.exitCode)
        }
        let id = newID()
        emit(.container, .creating, id: id, name: name, service: service.name)
        var config = ContainerConfig(
            id: id, name: name, project: paths.project, service: service.name, number: number, hash: hash,
            image: service.image,
            imageID: image.id, imageConfig: image.config, layers: image.layerPaths, created: realTime(),
            definition: service,
            labels: (image.config.labels ?? [:]).merging(service.labels.map { ($0.name, $0.value) }) { $1 },
            configFiles: saved?.project.files ?? [], workingDirectory: saved?.project.workingDirectory ?? "",
            volumes: [:],
            anonymousVolumes: [])
        try attachVolumes(&config, service, image.config)
        config.mountedImages = try mountedImages(of: service)
        config.seccompDocument = try readSeccompDocument(of: service)
        if let bytes = try service.diskLimit() {
            do { try BoundedDirectory(paths.disk(id)).make(bytes: bytes) } catch {
                throw Failure("service \(service.name): \(error)", at: service.place("storage_opt.size"))
            }
        }
        let directory = try config.writes(in: paths)
        for part in ["upper", "work"] { try makeDirectories("\(directory)/\(part)") }
        // As the image's own root, which the upper one stands for from now on.
        try check("chmod", directory) { chmod("\(directory)/upper", 0o755) }
        let isShared = saved?.project.services.contains { $0.sharesProcesses(of: service.name) } ?? false
        if !service.needsHostUserNamespace && !isShared {
            config.ids = try userNamespaces.ids(for: service, image.layerPaths)
        }
        if let base = config.ids?.base {
            try check("chown", directory) { chown("\(directory)/upper", base, base) }
        }
        // The last of it: a directory without config.json is no container.
        try records.write(config)
        let container = Container(ContainerRecord(config: config, state: ContainerRecordState(madeOf: config)))
        containers[id] = container
        emit(container, .create)
        return container
    }

    private func readSeccompDocument(of service: Service) throws(Failure) -> String? {
        guard case .file(let path) = service.seccompProfile else { return nil }
        do { return try readText(path, limit: 1 << 22) } catch {
            throw Failure(
                "service \(service.name): seccomp profile \(path): \(errnoText(error.errno))", at: service.seccompPlace)
        }
    }

    /// A name that the user chose is one of the host's, not of the project alone.
    private func checkName(_ name: String, of service: Service) throws {
        for other in try ProjectPaths.all(paths.roots) where other.project != paths.project {
            for record in try RecordStore(other).load().records where record.name == name {
                throw Failure(
                    "the name \(name) is in use by container \(record.id.prefix(12)) of project \(other.project)",
                    at: service.place("container_name"))
            }
        }
    }

    /// Names the volume of each mount: declared ones by the project's name for them, anonymous ones new or handed on
    /// from the container that this one replaces.
    private func attachVolumes(_ config: inout ContainerConfig, _ service: Service, _ image: ImageConfig) throws {
        var anonymous: [String] = []
        for mount in service.mounts {
            guard case .volume(let volume) = mount else { continue }
            if let key = volume.source {
                guard let declared = saved?.project.volume(key) else {
                    throw Failure("undefined volume \(key)", at: service.location)
                }
                config.volumes[volume.target] = declared.name
            } else {
                anonymous.append(volume.target)
            }
        }
        let targets = Set(service.mounts.map(\.target) + service.tmpfs.map(\.target))
        anonymous += (image.volumes?.keys.sorted() ?? []).filter { !targets.contains($0) }
        let handedOn = handedOnVolumes.removeValue(forKey: config.name) ?? [:]
        for target in anonymous {
            let name = handedOn[target] ?? newID()
            try volumes.create(
                VolumeStore.Record(name: name, project: paths.project, key: "", labels: [:], created: realTime()))
            config.volumes[target] = name
            config.anonymousVolumes.append(name)
        }
    }

    private func mountedImages(of service: Service) throws -> [String: ContainerConfig.MountedImage]? {
        var found: [String: ContainerConfig.MountedImage] = [:]
        for (mount, image) in try images.mounted(by: service) {
            found[mount.target] = ContainerConfig.MountedImage(id: image.id, layers: image.layerPaths)
        }
        return found.isEmpty ? nil : found
    }

    /// Removes a container that does not run, with all that is its own.
    ///
    /// - Returns: whether it is gone.
    func remove(_ container: Container) -> Bool {
        if isDelivering(container) {
            removeWhenDelivered(container)
            return false
        }
        finishDelivery(of: container)
        emit(container, .removing)
        let goal = saved?.desired.services[container.record.config.service]
        let replaced =
            !(saved?.desired.down ?? true) && goal?.intent == .running && !container.state.isOneOff
            && container.state.number <= goal?.replicas ?? 0 && container.record.config.created >= renewVolumesBefore
        do {
            for attachment in container.record.state.addresses {
                networks.release(container.id, on: attachment.network)
            }
            if replaced {
                handedOnVolumes[container.record.name] = container.record.config.volumes.filter {
                    container.record.config.anonymousVolumes.contains($0.value)
                }
            } else {
                for name in container.record.config.anonymousVolumes { try volumes.remove(name) }
            }
            try records.remove(container.id)
            try removeTree(paths.pipes(container.id))
            try paths.cgroup(container.id, in: hierarchy).remove()
        } catch {
            log("container \(container.record.name) cannot be removed: \(error)")
            return false
        }
        containers[container.id] = nil
        emit(container, .destroy)
        return true
    }
}

/// 64 hexadecimal digits from the kernel's random numbers.
func newID() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    getentropy(&bytes, bytes.count)
    return bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
