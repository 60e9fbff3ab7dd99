// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// trice in docker compose's place.
@Suite struct DockerComposeTests {
    private static let docker = ["/usr/local/bin/docker", "/usr/bin/docker"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private func write(_ box: Sandbox) throws {
        try box.write(
            """
            services:
              web:
                image: ${IMAGE:-busybox:1}
                command: httpd -f -p 80 -h /app
                ports: ["80"]
                environment: { MODE: "${MODE:-dev}" }
                volumes: [".:/app", "data:/data"]
                depends_on: { db: { condition: service_healthy } }
                healthcheck: { test: [CMD, wget, -qO-, "http://localhost/"], interval: 100ms, retries: 50 }
              db:
                image: busybox:1
                init: true
                healthcheck: { test: [CMD, "true"], interval: 100ms }
              worker: { image: busybox:1, init: true, profiles: [jobs] }
              test: { image: busybox:1, command: "sh -c 'echo tests pass'", profiles: [test], depends_on: [db] }
            volumes: { data: {} }
            """)
        try box.write("services: { web: { environment: { MODE: ci } } }\n", to: "docker-compose.ci.yml")
        try box.write("IMAGE=busybox:1\n", to: ".env")
        try box.write("MODE=production\n", to: ".env.production")
        try box.write("hello\n", to: "index.html")
    }

    /// As they stand in public Makefiles, scripts and workflows, a line each.
    private static let everyday = """
        docker-compose version
        docker-compose --version
        docker-compose -v
        docker-compose version --short | grep -E '^[2-9]'
        docker-compose config -q
        docker-compose config --quiet
        docker-compose config --services | sort | grep -q web
        docker-compose -f compose.yaml -f docker-compose.ci.yml config | grep -q 'MODE: ci'
        docker-compose --env-file .env.production config | grep -q production
        docker-compose --profile jobs config --services | grep -q worker
        docker-compose config --format json >/dev/null
        docker-compose config --images | grep -q busybox
        docker-compose config --hash='*' | grep -q '^db '
        docker-compose up -d db
        docker-compose up -d --no-deps db
        docker-compose up --detach --wait --wait-timeout 30
        docker-compose up -d --remove-orphans --force-recreate web
        docker-compose up -d --scale db=2 --no-recreate
        docker-compose ps
        docker-compose ps -q web | grep -qE '^[0-9a-f]{64}$'
        docker-compose ps --services --filter "status=running" | grep -q db
        docker-compose ps --format json | grep -q '"Service":"web"'
        docker-compose ps --format '{{.Name}} {{.State}}' | grep -q running
        test "$(docker-compose ps --status=running -q | wc -l)" -eq 3
        docker-compose port web 80 | grep -qE ':[0-9]+$'
        docker-compose exec -T web ls /app >/dev/null
        docker-compose exec -T -e X=1 web sh -c 'test "$X" = 1'
        echo 'select 1' | docker-compose exec -T db cat | grep -q select
        docker-compose exec --user root --workdir /tmp --no-TTY web pwd | grep -q /tmp
        docker-compose run --rm test
        docker-compose run --rm --no-deps -T web sh -c 'echo $MODE' | grep -q dev
        docker-compose run --rm -T --entrypoint sh web -c 'exit 0'
        docker-compose cp index.html web:/srv/index.html
        docker-compose logs --tail=100 web
        docker-compose logs --no-color --timestamps >docker-compose.log
        docker-compose top web
        docker-compose images -q | sort -u
        docker-compose stats --no-stream
        docker-compose kill -s HUP db || true
        docker-compose pause web && docker-compose unpause web
        docker-compose restart -t 1 web
        docker-compose stop --timeout 1 web
        docker-compose start web
        docker-compose rm -fsv web
        docker-compose up --abort-on-container-exit --exit-code-from test test
        docker-compose -p other up -d db && docker-compose -p other down -t 0
        docker-compose ls --all --format json | grep -q '"Name"'
        COMPOSE_PROFILES=jobs docker-compose up -d worker
        docker-compose events --since 1h --until 0s --json | grep -q '"action":"start"'
        docker-compose down --timeout 1 --volumes --remove-orphans
        docker-compose down -v
        """.split(separator: "\n").map(String.init)

    @Test func `everyday command lines run unchanged`() throws {
        #expect(Self.everyday.count >= 40)
        try Sandbox.run("everyday") { box in
            try write(box)
            try FileManager.default.createDirectory(atPath: "\(box.directory)/bin", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: "\(box.directory)/bin/docker-compose", withDestinationPath: Sandbox.binary)
            for line in Self.everyday {
                let outcome = box.run(
                    ["/bin/sh", "-c", line],
                    environment: [
                        "PATH": "\(box.directory)/bin:/usr/bin:/bin", "COMPOSE_PROJECT_NAME": "everyday",
                    ])
                #expect(outcome.status == 0, "\(line): \(outcome)")
            }
        }
    }

    @Test(.enabled(if: docker != nil, "docker's client is not installed"))
    func `docker runs it as its plugin`() throws {
        try Sandbox.run("plugin") { box in
            try box.write("services: { a: { image: busybox:1, init: true } }")
            let plugins = "\(box.directory)/docker/cli-plugins"
            try FileManager.default.createDirectory(atPath: plugins, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: "\(plugins)/docker-compose", withDestinationPath: Sandbox.binary)
            let environment = ["DOCKER_CONFIG": "\(box.directory)/docker"]
            func compose(_ words: String...) -> Outcome {
                box.run([Self.docker ?? "", "compose", "-p", "plugin"] + words, environment: environment)
            }
            #expect(
                box.run([Self.docker ?? "", "compose", "version"], environment: environment).out.contains("+trice-"))
            #expect(compose("up", "-d").status == 0)
            #expect(compose("ps", "--services").out == "a\n")
            #expect(compose("exec", "-T", "a", "sh", "-c", "exit 3").status == 3)
            #expect(compose("down", "-t", "0").status == 0)
        }
    }
}
