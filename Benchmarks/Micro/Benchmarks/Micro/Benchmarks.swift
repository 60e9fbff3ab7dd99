// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Benchmark

/// What the package's tool calls for each run; it reports throughput, without which it exports nothing.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput], warmupIterations: 3, maxDuration: .seconds(2), maxIterations: 20_000)
    composeBenchmarks()
    planBenchmarks()
    netlinkBenchmarks()
    nameBenchmarks()
    logBenchmarks()
    layerBenchmarks()
}
