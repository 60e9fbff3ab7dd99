// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import FoundationEssentials
import Testing

@testable import Compose

@Suite struct RenderTests {
    private let everything = """
        name: shop
        x-top: [1, two, null, {k: 1.5}]
        services:
          web:
            image: nginx:1
            platform: linux/amd64
            pull_policy: every_12h
            container_name: my-web
            hostname: h
            domainname: example.com
            entrypoint: []
            command: sh -c "echo $$HOME 'yes'"
            working_dir: /code
            user: "1000:1000"
            group_add: [mail, 1000]
            environment: {A: "1", B: , C: "two\\nlines\\n", D: "yes", E: " x: # ", F: "", G: "tab\\t", H: "cost $$5"}
            depends_on: {db: {condition: service_healthy, restart: true, required: false}}
            restart: on-failure:3
            healthcheck: {test: [CMD, a, b], interval: 1m30s, timeout: 10s, retries: 3, start_period: 40s, start_interval: 5s}
            init: false
            stop_signal: SIGUSR1
            stop_grace_period: 1m30s
            networks: {front: {aliases: [www]}, default: }
            ports: ["127.0.0.1:8080-8081:80-81", {target: 82, mode: host, name: n, app_protocol: http}, "9000-9009:90/udp"]
            expose: [3000, "8080-8085/tcp"]
            extra_hosts: ["a=1.2.3.4", "gw=host-gateway"]
            dns: 8.8.8.8
            dns_search: [example.com]
            dns_opt: [use-vc]
            volumes: ["data:/d:ro", "./x:/x:z", {type: tmpfs, target: /t, tmpfs: {size: 64m, mode: 1023}}, {type: bind, source: /s, target: /y, bind: {create_host_path: false}}]
            tmpfs: ["/run:size=64m,mode=755"]
            labels: {a.b: "true", "spaced key": v}
            profiles: [dev]
            scale: 1
            deploy: {replicas: 1, labels: {a: b}, resources: {limits: {memory: 512m}}, update_config: {order: start-first}}
            cap_add: [NET_ADMIN]
            cap_drop: [ALL]
            security_opt: ["no-new-privileges:true"]
            privileged: true
            read_only: true
            tty: true
            stdin_open: true
            attach: false
            userns_mode: host
            pid: host
            ipc: shareable
            uts: host
            cgroup: private
            sysctls: {net.core.somaxconn: 1024}
            ulimits: {nproc: 65535, nofile: {soft: 1, hard: -1}}
            shm_size: 64m
            oom_score_adj: -5
            mem_limit: 512m
            memswap_limit: -1
            cpus: 0.5
            cpuset: 0-3
            pids_limit: 100
            blkio_config: {weight: 300, device_read_bps: [{path: /dev/a, rate: 12mb}]}
            storage_opt: {size: 1G}
            devices: ["/dev/a:/dev/b:r", {source: /dev/c, target: /dev/c}]
            device_cgroup_rules: ["c 1:3 mr"]
            gpus: [{driver: d, count: 2, capabilities: [gpu]}]
            build: {context: ./c, args: {A: $$1}, ssh: [default, k=/k], secrets: [s], ulimits: {n: 1}}
            develop: {watch: [{path: ./s, action: sync, target: /t}]}
            configs: [c, {source: e, target: /e, mode: 0440}]
            secrets: [s, {source: t, uid: "1"}]
            models: {m: {endpoint_var: E}}
            post_start: [{command: a b, environment: [A=1, B]}]
            pre_stop: [{command: [x], user: root}]
            links: ["db:database"]
            volumes_from: ["db:ro"]
            annotations: {a: b}
            logging: {driver: json-file, options: {max-size: 1m}}
            mac_address: 02:42:ac:11:65:43
          db: {image: postgres, network_mode: none, healthcheck: {disable: true}}
        networks: {front: {internal: true, labels: [a=b], ipam: {config: [{subnet: 10.9.0.0/24, gateway: 10.9.0.1}]}}}
        volumes: {data: {labels: {k: "5"}, driver_opts: {type: nfs}}}
        configs: {c: {content: "a $$b"}, e: {file: ./e}}
        secrets: {s: {environment: S}, t: {file: ./t}}
        models: {m: {model: x, context_size: 5}}
        """

    private func load(_ text: String) throws -> Project {
        try project(text) {
            $0.projectName = nil
            $0.profiles = ["dev"]
            $0.projectDirectory = "/srv/app"
            $0.files = ["compose.yaml"]
        }
    }

    @Test("What is rendered, as YAML or JSON, loads as the same project")
    func roundTrip() throws {
        let first = try load(everything)
        let yaml = renderYAML(first)
        let second = try load(yaml)
        #expect(second.document == first.document)
        #expect(renderYAML(second) == yaml)
        // What renderJSON prints has docker compose's own names in it, which are read nowhere.
        let third = try load(first.document.escapingDollars().json())
        #expect(third.document == first.document)
        #expect(first.services.map(configHash) == third.services.map(configHash))
    }

    @Test("A project survives the way through Codable")
    func codable() throws {
        let first = try load(everything)
        let second = try JSONDecoder().decode(Project.self, from: try JSONEncoder().encode(first))
        #expect(second == first)
    }

    @Test("The shape is that of docker compose config")
    func shape() throws {
        let project = try project("services: {web: {image: nginx, ports: ['8080:80'], environment: {A: $$B}}}")
        #expect(
            project.document.escapingDollars().json(indent: false, sortedKeys: true)
                == #"{"name":"p","networks":{"default":{"ipam":{},"name":"p_default"}},"services":{"web":{"command":null,"entrypoint":null,"environment":{"A":"$$B"},"image":"nginx","networks":{"default":null},"ports":[{"mode":"ingress","protocol":"tcp","published":"8080","target":80}]}}}"#
        )
    }

    @Test("Zeros that docker compose's JSON leaves out stay in the YAML, which loads as the same project")
    func zeros() throws {
        let first = try project(
            """
            services:
              a:
                image: x
                ulimits: {a: 0, b: {soft: 0, hard: 1}}
                gpus: [{count: 0}]
                build: {context: ., ulimits: {c: 0}}
            """)
        let second = try load(renderYAML(first))
        #expect(renderYAML(second) == renderYAML(first))
        let json = renderJSON(first).filter { !$0.isWhitespace }
        #expect(json.contains(#""ulimits":{"a":{},"b":{"hard":1}}"#))
        #expect(json.contains(#""gpus":[{}]"#))
        #expect(json.contains(#""ulimits":{"c":{}}"#))
    }

    @Test("The hash changes with what a container is made from, and with nothing else")
    func hash() throws {
        let base = configHash(of: try web("environment: {A: 1, B: 2}"))
        #expect(base.utf8.count == 64)
        #expect(try configHash(of: web("environment: [B=2, A=1]\nscale: 3\nprofiles: []\npull_policy: always")) == base)
        #expect(try configHash(of: web("environment: {A: 1, B: 2}\ndeploy: {replicas: 2}")) == base)
        #expect(try configHash(of: web("environment: {A: 1, B: 3}")) != base)
        #expect(try configHash(of: web("environment: {A: 1, B: 2}\ntty: true")) != base)
    }
}
