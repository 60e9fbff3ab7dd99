// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Reconciler

/// What events do to containers. Where the supervisor sees it, this goes as its own code does: the same transitions of the
/// state, the same moments at which the record is written.
extension World {
    mutating func happen(_ event: Event) {
        switch event {
        case .elapse(let time): elapse(time)
        case .progress(let number):
            recover()
            withContainer(number, where: \.isUnderWay) { $0.progress($1) }
        case .startFails(let number):
            recover()
            withContainer(number, where: { $0.state.phase == .starting && !$0.isCutOff }) { $0.startFails($1) }
        case .ends(let number, let exitCode):
            withContainer(number, where: { $0.process.map { !$0.isSettingUp && $0.ended == nil } ?? false }) {
                if $0.supervisorLives {
                    $0.seeEnd($1, exitCode, at: $0.clock)
                } else {
                    $0.containers[$1].process?.ended = (exitCode, $0.clock)
                }
            }
        case .endsAtOnce(let number, let exitCode):
            recover()
            withContainer(
                number, where: { $0.state.phase == .starting && $0.process?.isSettingUp == true && !$0.isCutOff }
            ) { world, index in
                let time = world.clock
                world.containers[index].truth.started = time
                world.clock += millisecond
                world.completeStart(index, at: world.clock)
                world.seeEnd(index, exitCode, at: time)
            }
        case .isUnhealthy(let number):
            recover()
            withContainer(number, where: { $0.state.phase == .running && $0.state.health != .none }) {
                $0.containers[$1].state.health = .unhealthy
                $0.containers[$1].save()
            }
        case .supervisorDies(let launcherToo, let startsWentOn, let givesUp):
            die(launcherToo: launcherToo, startsWentOn, givesUp)
        case .ask(let request):
            recover()
            elapse(millisecond)
            if violation == nil { ask(request) }
        }
    }

    /// Does something to the nth of those containers to which it may happen, if there is any, a moment from now.
    private mutating func withContainer(
        _ number: Int, where isMeant: (Simulated) -> Bool, _ body: (inout World, Int) -> Void
    ) {
        elapse(millisecond)
        if violation != nil { return }
        let meant = containers.indices.filter { isMeant(containers[$0]) }
        if meant.isEmpty { return }
        body(&self, meant[number % meant.count])
        if supervisorLives { look() }
    }

    // MARK: One container

    private mutating func progress(_ index: Int) {
        let container = containers[index]
        if container.isCutOff {
            containers[index].process = nil
            containers[index].isCutOff = false
            containers[index].state.takeBackStart()
            containers[index].truth.seen = clock
            containers[index].save()
        } else if let exitCode = container.process?.dies {
            seeEnd(index, exitCode, at: clock)
        } else if container.state.phase == .starting {
            if container.process == nil {
                containers[index].process = Simulated.Process()
                containers[index].processIsOnRecord = true
                containers[index].save()
            } else {
                containers[index].truth.started = clock
                completeStart(index, at: clock)
            }
        } else if container.hookRuns {
            containers[index].hookRuns = false
            containers[index].truth.hookIsDone = true
            containers[index].state.isSettingUp = false
            containers[index].save()
        } else if container.state.health == .starting {
            containers[index].state.health = .healthy
            containers[index].save()
        } else {
            seeEnd(index, 0, at: clock)
        }
    }

    private mutating func completeStart(_ index: Int, at time: UInt64) {
        noteStart(index)
        containers[index].process?.isSettingUp = false
        containers[index].state.completeStart(at: time)
        watch(index)
        if containers[index].node.hasHook {
            containers[index].state.isSettingUp = true
            containers[index].hookRuns = true
        }
        containers[index].save()
    }

    private mutating func watch(_ index: Int) {
        if containers[index].node.kind == .checked { containers[index].state.health = .starting }
    }

    private mutating func startFails(_ index: Int) {
        noteStart(index)
        containers[index].process = nil
        (containers[index].truth.outcome, containers[index].truth.ended) = (.couldNotStart, clock)
        containers[index].state.failStart("cannot be started", exitCode: 127, at: clock)
        containers[index].save()
    }

    /// Whose start it was, which the invariants have allowed when it began.
    private mutating func noteStart(_ index: Int) {
        guard let reason = containers[index].startReason else { return }
        containers[index].startReason = nil
        if case .policy = reason {
            containers[index].truth.restarts += 1
            containers[index].truth.quickRestarts += 1
        } else {
            (containers[index].truth.restarts, containers[index].truth.quickRestarts) = (0, 0)
        }
        containers[index].truth.stopBegan = nil
        containers[index].truth.hookIsDone = !containers[index].node.hasHook
        (containers[index].truth.stoppedByUser, containers[index].truth.isStopping) = (false, false)
        containers[index].truth.stoppedForHealth = false
    }

    private mutating func seeEnd(_ index: Int, _ exitCode: Int32, at time: UInt64) {
        let goal = goal(containers[index])
        containers[index].process = nil
        containers[index].hookRuns = false
        containers[index].truth.end(exitCode: exitCode, at: time, goal)
        containers[index].truth.seen = clock
        containers[index].state.end(exitCode: exitCode, at: time, goal)
        containers[index].save()
    }

    // MARK: The supervisor

    private mutating func die(launcherToo: Bool, _ startsWentOn: Bool, _ givesUp: Bool) {
        guard supervisorLives else { return }
        (supervisorLives, launcherHasDied) = (false, launcherToo)
        (wake, downIsAwaited, queued) = (nil, false, [])
        for index in containers.indices {
            containers[index].hookRuns = false
            guard containers[index].state.phase == .starting, startsWentOn else { continue }
            if containers[index].process == nil {
                containers[index].process = Simulated.Process()
                containers[index].processIsOnRecord = false
            } else if !containers[index].isCutOff {
                containers[index].process?.isSettingUp = false
            }
        }
        // What was not told to go on gives up, or is still about to when the next supervisor comes.
        for index in containers.indices where containers[index].process?.isSettingUp == true && givesUp {
            let exitCode: Int32 = containers[index].isCutOff ? 137 : 125
            containers[index].process?.ended = (exitCode, clock)
        }
        clock += millisecond
    }

    /// The next supervisor takes over what the last one left.
    mutating func recover() {
        if supervisorLives { return }
        (supervisorLives, heldUntil) = (true, clock)
        for index in containers.indices {
            containers[index].state = containers[index].record
            containers[index].isCutOff = false
            adopt(index)
        }
        look()
    }

    private mutating func adopt(_ index: Int) {
        let container = containers[index]
        if container.process == nil && container.state.phase != .starting { containers[index].startReason = nil }
        if let ended = container.process?.ended, container.processIsOnRecord {
            let time = launcherHasDied ? clock : ended.time
            if container.state.phase == .starting && (launcherHasDied || [125, 137].contains(ended.exitCode)) {
                containers[index].process = nil
                containers[index].state.takeBackStart()
                containers[index].truth.seen = clock
                return containers[index].save()
            }
            if container.state.phase == .starting {
                noteStart(index)
                containers[index].truth.started = time
            }
            return seeEnd(index, launcherHasDied ? 255 : ended.exitCode, at: time)
        }
        if container.state.isLive {
            guard let process = container.process else {
                if container.state.phase != .starting { return seeEnd(index, 255, at: clock) }
                containers[index].state.takeBackStart()
                return containers[index].save()
            }
            switch container.state.phase {
            case .starting where process.isSettingUp: containers[index].isCutOff = true
            case .starting:
                noteStart(index)
                containers[index].truth.started = clock
                containers[index].state.completeStart(at: clock)
                containers[index].state.isSettingUp = containers[index].node.hasHook
                watch(index)
            case .stopping:
                containers[index].process?.dies = 143
            default: watch(index)
            }
            containers[index].hookRuns = containers[index].state.isSettingUp
            containers[index].save()
        } else if container.process?.ended != nil {
            // It had gone before anybody knew of it.
            containers[index].process = nil
        } else if container.process != nil {
            containers[index].state.beginStart(goal(container))
            containers[index].isCutOff = true
        }
    }
}
