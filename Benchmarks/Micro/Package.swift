// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// Micro-benchmarks of trice's modules: a package of its own, so that who builds trice needs nothing of it.
// Benchmarks/micro builds and runs them, and sets TRICE_MODULES, with which trice offers its modules.

let root = Context.packageDirectory.split(separator: "/").dropLast(2)

// What the modules offer each other is `package`: who wants to see it says that it is of the same package, whose name the
// package manager takes from its directory.
let packageName = String((root.last ?? "").lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })

let package = Package(
    name: "Micro",
    dependencies: [
        .package(name: "trice", path: "../.."),
        // Its traits count allocations with packages that are not everywhere.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Micro",
            dependencies: [
                .product(name: "Modules", package: "trice"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            // Its tool takes what stands in a directory of this name.
            path: "Benchmarks/Micro", packageAccess: false,
            swiftSettings: [.unsafeFlags(["-package-name", packageName])],
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ],
    swiftLanguageModes: [.v6]
)
