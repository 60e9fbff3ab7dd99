// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Linux

@Suite struct DelegatedControlGroupTests {
    private typealias Candidate = DelegatedControlGroup.Candidate

    struct Row: CustomTestStringConvertible {
        let name: String
        /// From the root of the hierarchy to the process's own: the name, `w` where the user may write, `d` for a unit of
        /// systemd's that is delegated and `u` for one that is not.
        let groups: String
        let chosen: String?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Row(name: "a session of a login", groups: "user:u user-1:u session-1:u", chosen: nil),
        Row(
            name: "a scope of the user's, delegated", groups: "user:u user@1.service:wd app:wu run-1:wd",
            chosen: "/user/user@1.service/app/run-1"),
        Row(
            name: "a scope of the user's, where its systemd marks nothing",
            groups: "user:u user@1.service:wd app:w run-1:w", chosen: "/user/user@1.service/app/run-1"),
        Row(
            name: "a scope of the user's, not delegated", groups: "user:u user@1.service:wd app:wu term-1:wu",
            chosen: nil),
        Row(
            name: "below one that is not delegated", groups: "user:u user@1.service:wd app:wu term-1:wu own:w",
            chosen: nil),
        Row(
            name: "the subgroup that systemd makes for a service's processes",
            groups: "user:u user@1.service:wd app:wu x:wd main:w", chosen: "/user/user@1.service/app/x"),
        Row(name: "one whose processes have been moved", groups: "a:wd trice-processes:w", chosen: "/a"),
        Row(name: "one made by hand", groups: "lab: own:w", chosen: "/lab/own"),
        Row(name: "the nearest of those made by hand", groups: "lab: own:w deep:w", chosen: "/lab/own/deep"),
        Row(name: "above the process's own", groups: "lab:w other:", chosen: "/lab"),
        Row(name: "in a unit of root's", groups: "system:u x:u own:w", chosen: "/system/x/own"),
        Row(name: "the root", groups: "", chosen: nil),
    ])
    func `the group is that which was left to the user`(_ row: Row) {
        var path = ""
        var candidates = [Candidate(path: "/", isWritable: false, unit: .kept)]
        for group in row.groups.split(separator: " ") {
            let parts = group.split(separator: ":", omittingEmptySubsequences: false)
            path += "/\(parts[0])"
            candidates.append(
                Candidate(
                    path: path, isWritable: parts[1].contains("w"),
                    unit: parts[1].contains("d") ? .delegated : parts[1].contains("u") ? .kept : nil))
        }
        #expect(DelegatedControlGroup.chosen(of: candidates.reversed()) == row.chosen)
    }
}
