// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Something that happens to a project. Containers are counted among those to which it may happen, so that an event keeps
/// a meaning when earlier ones are left out.
enum Event: Hashable {
    /// So much time passes, in nanoseconds.
    case elapse(UInt64)
    /// What is under way for a container goes a step on.
    case progress(Int)
    /// A start cannot be done.
    case startFails(Int)
    /// A running program ends by itself.
    case ends(Int, exitCode: Int32)
    /// A program ends so soon that the supervisor hears of its start and of its end at once.
    case endsAtOnce(Int, exitCode: Int32)
    case isUnhealthy(Int)
    /// SIGKILL to the supervisor. Starts that are under way have got a little further than it knew, and processes that were
    /// not told to go on give up at once, or not yet.
    case supervisorDies(launcherToo: Bool, startsWentOn: Bool, givesUp: Bool)
    case ask(Request)

    init(_ random: inout Random) {
        switch random.below(20) {
        case 0...7: self = .progress(random.below(4))
        case 8, 9: self = .elapse(random.one(of: [50, 100, 400, 1000, 6000, 11_000]) * millisecond)
        case 10, 11: self = .ends(random.below(4), exitCode: Int32(random.below(2)))
        case 12: self = .endsAtOnce(random.below(4), exitCode: Int32(random.below(2)))
        case 13: self = random.once(in: 2) ? .startFails(random.below(4)) : .isUnhealthy(random.below(4))
        case 14:
            self = .supervisorDies(
                launcherToo: random.once(in: 3), startsWentOn: random.once(in: 2), givesUp: random.once(in: 2))
        default: self = .ask(Request(&random))
        }
    }
}

/// What the user asks for.
enum Request: Hashable {
    /// `up`: some services (`of`), of a file in which some are changed and some are no more.
    case up(Up)
    case start(ServiceSet)
    case stop(ServiceSet)
    case restart(ServiceSet)
    case kill(ServiceSet)
    /// `rm --stop`
    case remove(ServiceSet)
    case down

    struct Up: Hashable {
        var services = ServiceSet.all
        var changed = ServiceSet.none
        var dropped = ServiceSet.none
        var scale: Int?
        var forceRecreate = false
        var noRecreate = false
        var noStart = false
        var removeOrphans = false
    }

    init(_ random: inout Random) {
        switch random.below(12) {
        case 0: self = .start(ServiceSet(&random))
        case 1, 2: self = .stop(ServiceSet(&random))
        case 3: self = .restart(ServiceSet(&random))
        case 4: self = .kill(ServiceSet(&random))
        case 5: self = .remove(ServiceSet(&random))
        case 6: self = .down
        default:
            var up = Up(services: ServiceSet(&random))
            if random.once(in: 3) { up.changed = ServiceSet(&random) }
            if random.once(in: 6) { up.dropped = ServiceSet(&random) }
            if random.once(in: 4) { up.scale = random.below(4) }
            (up.forceRecreate, up.noRecreate) = (random.once(in: 8), random.once(in: 10))
            (up.noStart, up.removeOrphans) = (random.once(in: 12), random.once(in: 3))
            self = .up(up)
        }
    }
}

extension Event: CustomStringConvertible {
    var description: String {
        switch self {
        case .elapse(let time): "\(time / millisecond) ms pass"
        case .progress(let number): "step \(number) under way is done"
        case .startFails(let number): "start \(number) cannot be done"
        case .ends(let number, let exitCode): "program \(number) exits \(exitCode)"
        case .endsAtOnce(let number, let exitCode): "start \(number) exits \(exitCode) at once"
        case .isUnhealthy(let number): "container \(number) is unhealthy"
        case .supervisorDies(let launcherToo, let startsWentOn, let givesUp):
            "the supervisor\(launcherToo ? " and the launcher die" : " dies")\(startsWentOn ? ", starts went on" : "")"
                + (givesUp ? ", the others gave up" : "")
        case .ask(let request): "the user asks: \(request)"
        }
    }
}

extension Request: CustomStringConvertible {
    var description: String {
        switch self {
        case .up(let up):
            "up \(up.services)"
                + (up.changed == .none ? "" : ", changed: \(up.changed)")
                + (up.dropped == .none ? "" : ", dropped: \(up.dropped)")
                + (up.scale.map { ", scale \($0)" } ?? "")
                + (up.forceRecreate ? " --force-recreate" : "") + (up.noRecreate ? " --no-recreate" : "")
                + (up.noStart ? " --no-start" : "") + (up.removeOrphans ? " --remove-orphans" : "")
        case .start(let services): "start \(services)"
        case .stop(let services): "stop \(services)"
        case .restart(let services): "restart \(services)"
        case .kill(let services): "kill \(services)"
        case .remove(let services): "rm --stop \(services)"
        case .down: "down"
        }
    }
}
