// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// What is known before a Compose file is read: which files, from which directory, with which variables.
struct Surroundings {
    var workingDirectory: String
    var projectDirectory: String
    /// Absolute, or `-`.
    var files: [String]
    /// What diagnostics call the files.
    var displayNames: [String]
    var environment: [String: String]
    /// Where the variables stand that come from files.
    var variablePlaces: [String: Diagnostic.Place] = [:]
    var environmentFiles: [String]

    private static let overrideNames = [
        "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml",
    ]

    /// Compose Specification, 03-compose-file.md, and docker compose's `-f`, `COMPOSE_FILE`, `--project-directory`.
    init(_ request: LoadRequest) throws(LoadError) {
        workingDirectory = Path.cleaned(request.workingDirectory)
        environment = request.environment
        if environment["PWD"] == nil { environment["PWD"] = request.workingDirectory }
        environmentFiles = []
        files = []
        displayNames = []
        let chosen = request.projectDirectory.map { Path.absolute($0, from: request.workingDirectory) }
        var named = request.files
        var origin = "compose file"
        for index in named.indices { named[index] = try Self.fetched(named[index], request) }
        projectDirectory = chosen ?? Self.directory(ofFirst: named, from: workingDirectory) ?? workingDirectory
        // COMPOSE_FILE may come from the .env of the working directory.
        try addEnvironmentFiles(request)
        var discovered: [String] = []
        if named.isEmpty, let variable = environment["COMPOSE_FILE"], !variable.isEmpty {
            let separator = environment["COMPOSE_PATH_SEPARATOR"].flatMap { $0.isEmpty ? nil : $0 } ?? ":"
            named = variable.split(separator: separator, omittingEmptySubsequences: true).map(String.init)
            for index in named.indices { named[index] = try Self.fetched(named[index], request) }
            origin = "compose file set by COMPOSE_FILE"
        } else if named.isEmpty {
            discovered = try Self.discover(from: chosen ?? workingDirectory)
        }
        files = discovered
        for file in discovered { displayNames.append(Path.relative(file, to: workingDirectory)) }
        for name in named {
            let path = name == "-" ? name : Path.absolute(name, from: workingDirectory)
            if path != "-" { try Self.check(path, named: name, origin: origin) }
            files.append(path)
            displayNames.append(name == "-" ? "stdin" : name)
        }
        let directory = chosen ?? Self.directory(ofFirst: files, from: workingDirectory) ?? workingDirectory
        if directory != projectDirectory {
            projectDirectory = directory
            try addEnvironmentFiles(request)
        }
    }

    /// A path of this host, for a file that may stand elsewhere.
    private static func fetched(_ name: String, _ request: LoadRequest) throws(LoadError) -> String {
        guard let remote = request.remote, let reference = RemoteReference(parsing: name) else { return name }
        do throws(FetchFailure) {
            return try remote(reference)
        } catch {
            throw .invalid(Diagnostics([.unfetched(name, reference, error, at: nil)]))
        }
    }

    private static func directory(ofFirst files: [String], from directory: String) -> String? {
        files.first { $0 != "-" }.map { Path.directory(of: Path.absolute($0, from: directory)) }
    }

    private static func check(_ path: String, named name: String, origin: String) throws(LoadError) {
        if FileReading.isDirectory(path) {
            throw .single("bad-file", "\(origin) \"\(name)\" is invalid: it is a directory")
        }
        guard FileReading.exists(path) else {
            throw .single("missing-file", "\(origin) \"\(name)\" is invalid: open \(path): no such file or directory")
        }
    }

    /// The file and its override, from `start` or the nearest directory above that has one.
    private static func discover(from start: String) throws(LoadError) -> [String] {
        var directory = start
        while true {
            let prefix = directory == "/" ? "/" : directory + "/"
            if let found = composeFileNames.first(where: { FileReading.exists(prefix + $0) }) {
                let override = overrideNames.first { FileReading.exists(prefix + $0) }
                return [prefix + found] + (override.map { [prefix + $0] } ?? [])
            }
            guard directory != "/" else { throw .noConfigurationFile(searched: start) }
            directory = Path.directory(of: directory)
        }
    }

    /// Adds the variables of `--env-file`, of `COMPOSE_ENV_FILES` or of `.env`; the process's own and earlier ones win.
    private mutating func addEnvironmentFiles(_ request: LoadRequest) throws(LoadError) {
        var names = request.envFiles
        if names.isEmpty, let variable = environment["COMPOSE_ENV_FILES"] {
            names = variable.split(separator: ",").map { $0.trimmed }
        }
        let isDefault = names.isEmpty
        if isDefault {
            if let disabled = environment["COMPOSE_DISABLE_ENV_FILE"], ComposeBoolean(disabled)?.value == true {
                return
            }
            names = [projectDirectory + "/.env"]
        }
        var read: [String: String] = [:]
        var places: [String: Diagnostic.Place] = [:]
        for name in names {
            let path = Path.absolute(name, from: workingDirectory)
            let displayName = isDefault ? Path.relative(path, to: workingDirectory) : name
            let bytes: [UInt8]
            do throws(FileError) {
                bytes = try FileReading.bytes(of: path)
            } catch {
                if isDefault, error.isMissing || FileReading.isDirectory(path) { continue }
                throw error.isMissing
                    ? .single("missing-env-file", "couldn't find env file: \(path)")
                    : .single("bad-env-file", "failed to read \(path): \(error.reason)")
            }
            var dotenv = Dotenv(environment: environment)
            dotenv.values = read
            do throws(Diagnostic) {
                for (key, value) in try dotenv.read(SourceFile(name: displayName, bytes: bytes)) { read[key] = value }
            } catch {
                throw .invalid(Diagnostics([error]))
            }
            places.merge(dotenv.places) { $1 }
            if !environmentFiles.contains(path) { environmentFiles.append(path) }
        }
        for (key, value) in read where environment[key] == nil {
            environment[key] = value
            variablePlaces[key] = places[key]
        }
    }
}

/// compose-go's order of preference.
private let composeFileNames = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"]

/// The file itself, or the Compose file of a directory; nil where there is none.
package func composeFile(at path: String) -> String? {
    guard FileReading.isDirectory(path) else { return FileReading.exists(path) ? path : nil }
    return composeFileNames.map { "\(path)/\($0)" }.first { FileReading.exists($0) && !FileReading.isDirectory($0) }
}

extension StringProtocol {
    /// Without blanks and line breaks at both ends.
    var trimmed: String {
        let blanks: (Character) -> Bool = { $0.isWhitespace }
        let start = drop(while: blanks)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
