// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Benchmark
import Compose
import Core
import YAML

func composeBenchmarks() {
    Benchmark("YAML tree, 500 services") { (_, file: SourceFile) in
        blackHole(try readYAML(file))
    } setup: {
        SourceFile(name: "compose.yaml", bytes: Array(stack(of: 500).utf8))
    }

    Benchmark("load, 500 services") { (_, directory: TemporaryDirectory) in
        blackHole(
            try load(
                LoadRequest(
                    files: ["\(directory.path)/compose.yaml"], environment: ["TAG": "2"],
                    workingDirectory: directory.path)))
    } setup: {
        let directory = try TemporaryDirectory()
        try directory.write("compose.yaml", stack(of: 500))
        return directory
    }
}

/// A file as people write it.
private func stack(of count: Int) -> String {
    var text = "name: micro\nservices:\n"
    for number in 0..<count {
        text += """
              s\(number):
                image: registry.example.org/team/s\(number):${TAG:-1}
                command: ["serve", "--port", "8080"]
                restart: unless-stopped
                environment:
                  NUMBER: "\(number)"
                  HOME_PAGE: ${HOME_PAGE:-http://localhost}
                ports:
                  - "\(10_000 + number):8080"
                volumes:
                  - data\(number % 10):/data
                labels:
                  part: p\(number % 7)
                healthcheck:
                  test: ["CMD", "true"]
                  interval: 5s

            """
        if number > 0 { text += "    depends_on: [s\(number - 1)]\n" }
    }
    text += "volumes:\n"
    for number in 0..<10 { text += "  data\(number): {}\n" }
    return text
}
