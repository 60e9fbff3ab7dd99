// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

extension RegistryServer {
    /// Puts an index of two images, for amd64 and arm64, under the tag 1.
    func pushIndex(to repository: String, in box: Sandbox) throws {
        try box.write(
            """
            import hashlib, http.client, io, json, tarfile
            c = http.client.HTTPConnection("127.0.0.1", \(port))
            def ask(method, path, body=b"", **headers):
                c.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
                r = c.getresponse(); r.read(); return r
            def blob(data):
                d = "sha256:" + hashlib.sha256(data).hexdigest()
                u = ask("POST", "/v2/\(repository)/blobs/uploads/").headers["Location"]
                assert ask("PUT", u + "&digest=" + d, data, Content_Type="application/octet-stream").status == 201
                return {"digest": d, "size": len(data)}
            T = "application/vnd.oci.image."
            out = []
            for arch in ("amd64", "arm64"):
                b = io.BytesIO()
                with tarfile.open(fileobj=b, mode="w") as t:
                    i = tarfile.TarInfo("arch-" + arch); t.addfile(i, io.BytesIO())
                layer = b.getvalue()
                cfg = json.dumps({"architecture": arch, "os": "linux", "config": {"Cmd": ["/x"]}, "rootfs": {"type": "layers",
                    "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
                m = json.dumps({"schemaVersion": 2, "mediaType": T + "manifest.v1+json",
                    "config": dict(blob(cfg), mediaType=T + "config.v1+json"),
                    "layers": [dict(blob(layer), mediaType=T + "layer.v1.tar")]}).encode()
                d = "sha256:" + hashlib.sha256(m).hexdigest()
                assert ask("PUT", "/v2/\(repository)/manifests/" + d, m, Content_Type=T + "manifest.v1+json").status == 201
                out.append({"mediaType": T + "manifest.v1+json", "digest": d, "size": len(m), "platform": {"os": "linux", "architecture": arch}})
            x = json.dumps({"schemaVersion": 2, "mediaType": T + "index.v1+json", "manifests": out}).encode()
            assert ask("PUT", "/v2/\(repository)/manifests/1", x, Content_Type=T + "index.v1+json").status == 201
            """, to: "make.py")
        let made = box.run(["/usr/bin/python3", "\(box.work)/make.py"])
        #expect(made.status == 0, "\(made)")
    }
}
