// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

// Imports run one way: each target may import only targets that stand above it here (see Specs/architecture.md).
let package = Package(
    name: "trice",
    products: [
        .executable(name: "trice", targets: ["trice"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    ],
    targets: [
        // C: what Swift cannot call by itself, and the system's libraries.
        .target(name: "CLinux"),
        .systemLibrary(name: "CYAML"),
        .systemLibrary(name: "CCap"),
        .systemLibrary(name: "CSeccomp"),
        .systemLibrary(name: "CArchive"),

        .target(name: "Core", swiftSettings: strict),
        .target(
            name: "YAML", dependencies: ["CYAML", "Core"], swiftSettings: strict,
            linkerSettings: [.linkedLibrary(":libyaml.a")]),
        .target(
            name: "Compose",
            dependencies: ["Core", "YAML", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .target(
            name: "Linux", dependencies: ["CLinux", "CCap", "CSeccomp", "Core"], swiftSettings: strict,
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
        .target(
            name: "Runtime", dependencies: ["CLinux", "Core", "Linux"], swiftSettings: strict),
        .target(name: "Reconciler", dependencies: ["Core"], swiftSettings: strict),
        .target(
            name: "Supervisor",
            dependencies: ["Compose", "Core", "Images", "Linux", "Netlink", "Networking", "Reconciler", "Runtime"],
            swiftSettings: strict),
        .target(
            name: "Commands",
            dependencies: [
                "CLinux", "Compose", "Core", "Images", "Linux", "Netlink", "Networking", "Reconciler",
                "Runtime", "Supervisor",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "trice", dependencies: ["Commands", "Linux", "Runtime", "Supervisor"], swiftSettings: strict),

        .testTarget(name: "CoreTests", dependencies: ["Core"], swiftSettings: strict),
        .testTarget(name: "YAMLTests", dependencies: ["YAML"], swiftSettings: strict),
        .testTarget(name: "ComposeTests", dependencies: ["Compose"], swiftSettings: strict),
        .testTarget(name: "LinuxTests", dependencies: ["Linux"], swiftSettings: strict),
        .testTarget(name: "NetlinkTests", dependencies: ["CLinux", "Linux", "Netlink"], swiftSettings: strict),
        .testTarget(
            name: "NetworkingTests", dependencies: ["CLinux", "Core", "Linux", "Netlink", "Networking"],
            swiftSettings: strict),
        .testTarget(
            name: "ImagesTests",
            dependencies: ["CLinux", "Core", "Images", "Linux", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .testTarget(name: "RuntimeTests", dependencies: ["Core", "Linux", "Runtime"], swiftSettings: strict),
        .testTarget(
            name: "SupervisorTests", dependencies: ["Compose", "Core", "Networking", "Supervisor"],
            swiftSettings: strict),
        .testTarget(name: "ReconcilerTests", dependencies: ["Reconciler"], swiftSettings: strict),
        .testTarget(name: "SupportTests", dependencies: ["Compose", "Supervisor"], swiftSettings: strict),
        // Runs the binary that TRICE_BINARY names, on Compose files only.
        .testTarget(name: "ConformanceTests", swiftSettings: strict),
        // Runs the binary that TRICE_BINARY names, as root, against the kernel.
        .testTarget(name: "IntegrationTests", swiftSettings: strict),
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
