// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Glibc
import Linux
import Runtime
import Supervisor

/// What every command needs: the options that come before it, the roots, the project.
struct Context {
    let global: GlobalOptions
    let roots = Roots.fromEnvironment()

    init(_ global: GlobalOptions) { self.global = global }

    /// The project as its files say.
    ///
    /// - Parameter services: those that were named; their profiles are active.
    func project(services: [String] = []) throws -> Project {
        try project(loadRequest(services: services))
    }

    func project(_ request: LoadRequest) throws -> Project {
        var project = try loading { () throws(LoadError) in
            try load(request) { warning in
                print([warning])
            }
        }
        project.setCaller(Context.caller)
        return project
    }

    /// Who gave the command; with sudo(8), who called that.
    private static var caller: UserIDs {
        let environment = Context.environment
        guard geteuid() == 0, let uid = environment["SUDO_UID"].flatMap({ UInt32($0) }),
            let gid = environment["SUDO_GID"].flatMap({ UInt32($0) })
        else { return UserIDs(uid: getuid(), gid: getgid()) }
        return UserIDs(uid: uid, gid: gid)
    }

    /// What `body` gives; what is wrong with the files is printed.
    func loading<Result>(_ body: () throws(LoadError) -> Result) throws -> Result {
        do throws(LoadError) {
            return try body()
        } catch { throw refused(error) }
    }

    func loadRequest(services: [String] = []) -> LoadRequest {
        var request = LoadRequest(
            files: global.file, projectName: global.projectName, projectDirectory: global.projectDirectory,
            profiles: global.profile, envFiles: global.envFile, environment: Context.environment,
            workingDirectory: absolutePath("."), services: services)
        request.remote = { reference throws(FetchFailure) in
            switch reference {
            case .git(let reference): try GitCache(environment: Context.environment).file(reference)
            case .registry(let name): try ApplicationCache(environment: Context.environment).file(name)
            }
        }
        return request
    }

    /// What is wrong with the files, on standard error.
    private func print(_ items: [Diagnostic]) {
        switch global.diagnostics {
        case .text:
            let isColoured = Output.usesColour(global.ansi, on: 2)
            Output.standardError(items.map { $0.rendered(color: isColoured) + "\n" }.joined())
        case .github: Output.standardError(items.map { $0.gitHubAnnotation + "\n" }.joined())
        case .json: Output.standardError(items.map { $0.document.json(indent: false) + "\n" }.joined())
        }
    }

    /// Prints what is wrong with the files, as it belongs on standard error, and gives the exit status.
    private func refused(_ error: LoadError) -> any Error {
        switch error {
        case .noConfigurationFile:
            return Failure("\(error)", hint: "name one with -f, or go to its directory", exitCode: error.exitCode)
        case .invalid(let diagnostics):
            print(diagnostics.items)
            return ExitCode(error.exitCode)
        }
    }

    /// The project's name: as given, else as the files say, of which nothing else is read: a stack can be looked at and worked
    /// with while its file has mistakes.
    func projectName() throws -> String {
        if let name = global.projectName ?? Context.environment["COMPOSE_PROJECT_NAME"], global.file.isEmpty {
            guard ProjectName.normalized(name) == name, !name.isEmpty else {
                throw Failure(
                    "invalid project name \"\(name)\": only lower-case letters, digits, - and _ can stand in it")
            }
            return name
        }
        return try loading { () throws(LoadError) in try loadName(loadRequest()) }
    }

    func paths() throws -> ProjectPaths { ProjectPaths(roots, project: try projectName()) }
    func paths(of project: Project) -> ProjectPaths { ProjectPaths(roots, project: project.name) }

    static let environment = processEnvironment()
}
