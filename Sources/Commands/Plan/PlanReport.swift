// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images
import Linux
import Reconciler
import Runtime
import Supervisor

/// What `up` would do with a project as it is now.
struct PlanReport {
    let forecast: Forecast
    let file: PlanFile

    /// - Parameter expectsImages: whether images that are not there would come before.
    init(
        _ project: Project, _ options: Request.UpOptions, _ context: Context, expectsImages: Bool = false
    ) throws {
        let paths = context.paths(of: project)
        let store = RecordStore(paths)
        let records = try store.current()
        let now = realTime()
        let project = try project.withImageNames.servingPredefinedNetworks()
        var planning = Planning(
            images: ImageStore(root: context.roots.root), hierarchy: try ProjectControlGroups.of(paths))
        planning.expectsImages = expectsImages
        let (_, goals) = try planning.goals(
            of: project, options, before: store.loadDesired()?.desired, beside: records.map(\.state.reconciled),
            now: now)
        forecast = Forecast(goals, records, try Forecast.Present(paths), now: now)
        file = PlanFile(
            project: project.name, fingerprint: try forecast.fingerprint, options: options, changes: forecast.changes)
    }

    /// What a dry run of `up` says.
    static func effects(_ project: Project, _ options: Request.UpOptions, _ context: Context) throws -> [Effect] {
        let report = try PlanReport(project, options, context, expectsImages: true)
        return report.forecast.changes.flatMap { change in change.text.split(separator: "\n").map { Effect(line: $0) } }
    }

    var text: String {
        forecast.changes.isEmpty ? "Nothing to do.\n" : forecast.changes.map(\.text).joined()
    }
}

/// A plan on disk: what `up --plan` holds itself to.
struct PlanFile: Codable {
    var version = 1
    let project: String
    let fingerprint: String
    let options: Request.UpOptions
    let changes: [Forecast.Change]

    init(project: String, fingerprint: String, options: Request.UpOptions, changes: [Forecast.Change]) {
        (self.project, self.fingerprint, self.options, self.changes) = (project, fingerprint, options, changes)
    }

    init(at path: String, for wanted: Project) throws {
        do { self = try decodeJSON(PlanFile.self, from: readFile(path, limit: 1 << 26)) } catch let error as SystemError
        {
            throw Failure("\(error)")
        } catch {
            throw Failure("\(path) is no plan: \(error)", hint: "make one: trice plan -o \(path)")
        }
        guard version == 1 else { throw Failure("\(path): a plan of version \(version) cannot be read") }
        guard project == wanted.name else {
            throw Failure("\(path) is a plan for project \(project), not for \(wanted.name)")
        }
    }
}
