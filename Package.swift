// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

// Debug builds, which the tests use, have points where a test can make something go wrong (FaultPoint.swift).
let faulty = strict + [.define("FAULT_POINTS", .when(configuration: .debug))]

// Imports run one way: each target may import only targets that stand above it here (see Specs/architecture.md).
let package = Package(
    name: "trice",
    products: [
        .executable(name: "trice", targets: ["trice"]),
        .executable(name: "trice-registry", targets: ["trice-registry"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // C: what Swift cannot call by itself, and the system's libraries.
        .target(name: "CLinux"),
        .systemLibrary(name: "CYAML"),
        .systemLibrary(name: "CCap"),
        .systemLibrary(name: "CSeccomp"),
        .systemLibrary(name: "CArchive"),
        .systemLibrary(name: "CZlib"),

        .target(name: "Core", swiftSettings: strict),
        .target(
            name: "YAML", dependencies: ["CYAML", "Core"], swiftSettings: strict,
            linkerSettings: [.linkedLibrary(":libyaml.a")]),
        .target(
            name: "Compose",
            dependencies: ["Core", "YAML", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .target(
            name: "Linux", dependencies: ["CLinux", "CCap", "CSeccomp", "Core"], swiftSettings: faulty,
            linkerSettings: [.linkedLibrary(":libcap.a"), .linkedLibrary(":libseccomp.a")]),
        .target(name: "Netlink", dependencies: ["CLinux", "Core", "Linux"], swiftSettings: strict),
        .target(name: "Networking", dependencies: ["CLinux", "Core", "Linux", "Netlink"], swiftSettings: strict),
        .target(
            name: "Images",
            dependencies: ["CArchive", "CLinux", "Core", "Linux", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict,
            linkerSettings: [
                // The static library has writers of formats that are not ours; only a release link leaves them out.
                .linkedLibrary("archive", .when(configuration: .debug)),
                .linkedLibrary(":libarchive.a", .when(configuration: .release)),
                .linkedLibrary(":libacl.a", .when(configuration: .release)),
                .linkedLibrary(":libz.a"), .linkedLibrary(":libzstd.a"),
            ]),
        // What is said to a registry, and what is made of its answers: values. The program below does the talking.
        .target(name: "Registry", dependencies: ["Core", "Images"], swiftSettings: strict),
        .target(
            name: "Runtime", dependencies: ["CLinux", "CZlib", "Core", "Linux"], swiftSettings: faulty,
            linkerSettings: [.linkedLibrary(":libz.a")]),
        // Optimised in debug builds too: 100,000 simulated histories go through it at each `make test`.
        .target(
            name: "Reconciler", dependencies: ["Core"],
            swiftSettings: strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
        .target(
            name: "Supervisor",
            dependencies: ["Compose", "Core", "Images", "Linux", "Netlink", "Networking", "Reconciler", "Runtime"],
            swiftSettings: faulty),
        .target(
            name: "Commands",
            dependencies: [
                "CLinux", "Compose", "Core", "Images", "Linux", "Netlink", "Networking", "Reconciler", "Registry",
                "Runtime", "Supervisor",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "trice", dependencies: ["Commands", "Images", "Linux", "Runtime", "Supervisor"],
            exclude: ["Libraries"], swiftSettings: faulty,
            // At a fixed address: 62,000 relocations at the start of each process cost a third of its page faults. With the
            // runtime of C++ in it: what the loader does for that library took a tenth of what `version` does. Its own symbols
            // are for nobody else, and not a list that the loader goes through when Swift's runtime asks where it is.
            linkerSettings: [
                .unsafeFlags(
                    [
                        "-Xlinker", "-no-pie", "-Xlinker", "--no-export-dynamic", "-Xclang-linker", "-static-libgcc",
                        "-L\(Context.packageDirectory)/Sources/trice/Libraries",
                    ], .when(configuration: .release))
            ]),
        // A program of its own, so that nothing of HTTP is loaded where no registry is spoken to.
        .executableTarget(
            name: "trice-registry",
            dependencies: [
                "CLinux", "Core", "Images", "Linux", "Registry",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict),

        // Random numbers that can be repeated.
        .target(name: "SplitMix", path: "Tests/SplitMix", swiftSettings: strict),
        .testTarget(name: "CoreTests", dependencies: ["Core"], swiftSettings: strict),
        .testTarget(name: "YAMLTests", dependencies: ["SplitMix", "YAML"], swiftSettings: strict),
        .testTarget(name: "ComposeTests", dependencies: ["Compose", "SplitMix"], swiftSettings: strict),
        .testTarget(name: "LinuxTests", dependencies: ["CSeccomp", "Linux"], swiftSettings: strict),
        .testTarget(
            name: "NetlinkTests", dependencies: ["CLinux", "Linux", "Netlink", "SplitMix"], swiftSettings: strict),
        .testTarget(
            name: "NetworkingTests", dependencies: ["CLinux", "Core", "Linux", "Netlink", "Networking", "SplitMix"],
            swiftSettings: strict),
        .testTarget(
            name: "ImagesTests",
            dependencies: ["CLinux", "Core", "Images", "Linux", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .testTarget(name: "RegistryTests", dependencies: ["Core", "Images", "Registry"], swiftSettings: strict),
        .testTarget(name: "RuntimeTests", dependencies: ["CLinux", "Core", "Linux", "Runtime"], swiftSettings: strict),
        .testTarget(
            name: "SupervisorTests",
            dependencies: ["Compose", "Core", "Images", "Linux", "Networking", "Reconciler", "Runtime", "Supervisor"],
            swiftSettings: strict),
        .testTarget(name: "ReconcilerTests", dependencies: ["Reconciler"], swiftSettings: strict),
        .testTarget(
            name: "SimulatorTests", dependencies: ["Reconciler", "SplitMix"],
            swiftSettings: strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
        .testTarget(
            name: "CommandsTests",
            dependencies: [
                "Commands", "Compose", "Core", "SplitMix", "Supervisor",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .testTarget(name: "SupportTests", dependencies: ["Compose", "Supervisor"], swiftSettings: strict),
        // Runs the binary that TRICE_BINARY names, on Compose files only.
        .testTarget(name: "ConformanceTests", swiftSettings: strict),
        // Runs the binary that TRICE_BINARY names, as root, against the kernel.
        .testTarget(
            name: "IntegrationTests", dependencies: ["Commands", "Linux", "Networking", "SplitMix"], exclude: ["Golden"],
            swiftSettings: faulty),
    ],
    swiftLanguageModes: [.v6]
)

// `make fuzz`: one target of libFuzzer each, with the modules below them instrumented. gold cannot link them, lld can.
if Context.environment["TRICE_FUZZ"] != nil {
    for target in package.targets where ["Core", "YAML", "Compose"].contains(target.name) {
        target.swiftSettings?.append(.unsafeFlags(["-sanitize=fuzzer"]))
    }
    package.targets.append(.target(name: "Driver", path: "Tests/Fuzz/Driver", swiftSettings: strict))
    for name in ["YAMLTree", "Interpolation", "DotenvReader", "Loader"] {
        package.targets.append(
            .executableTarget(
                name: "Fuzz\(name)", dependencies: ["Compose", "Core", "Driver", "YAML"], path: "Tests/Fuzz/\(name)",
                swiftSettings: strict + [.unsafeFlags(["-sanitize=fuzzer"])],
                linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
    }
}

// Benchmarks/Micro, a package of its own, measures what stands in these.
if Context.environment["TRICE_MODULES"] != nil {
    package.products.append(
        .library(
            name: "Modules",
            targets: [
                "CLinux", "Core", "YAML", "Compose", "Linux", "Netlink", "Networking", "Images", "Runtime", "Reconciler",
            ]))
}
