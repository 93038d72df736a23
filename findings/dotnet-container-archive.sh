#!/usr/bin/env bash
# Container archives of the .NET SDK (10.0.401): dotnet publish /t:PublishContainer -p:ContainerArchiveOutputPath=FILE.
#
# One would guess: an archive that is called app.tar.gz, as in Microsoft's own example, is compressed; and an archive that is asked
# for with ContainerImageFormat=OCI is an OCI image throughout.
# What is so:
#  - app.tar.gz is a plain tar. A program that goes by the name fails in gzip; one that looks at the content reads it.
#  - On a base image in Docker's format the OCI manifest and config are OCI's, and so is the SDK's own layer, but the base's layers
#    keep Docker's media type (application/vnd.docker.image.rootfs.diff.tar.gzip). umoci 0.4.7 refuses to unpack such an
#    image, and skopeo 1.18 to convert it ("Unknown media type during manifest conversion").
#
# Needs: the .NET SDK, python3, jq. The base image is made here, and served on the loopback address.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

cat > registry.py <<'PY'
import gzip, hashlib, http.server, io, json, tarfile

def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()

tar = io.BytesIO()
with tarfile.open(fileobj=tar, mode="w") as archive:
    archive.addfile(tarfile.TarInfo("file"))
layer = gzip.compress(tar.getvalue())
config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "history": [],
                     "rootfs": {"type": "layers", "diff_ids": [digest(tar.getvalue())]}}).encode()
docker = "application/vnd.docker."
kind = docker + "distribution.manifest.v2+json"
manifest = json.dumps({
    "schemaVersion": 2, "mediaType": kind,
    "config": {"mediaType": docker + "container.image.v1+json", "size": len(config), "digest": digest(config)},
    "layers": [{"mediaType": docker + "image.rootfs.diff.tar.gzip", "size": len(layer), "digest": digest(layer)}],
}).encode()
blobs = {digest(blob): blob for blob in (manifest, config, layer)}

class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = blobs.get(self.path.rsplit("/", 1)[1], manifest if "/manifests/" in self.path else b"{}")
        self.send_response(200)
        self.send_header("Content-Type", kind if data is manifest else "application/octet-stream")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Docker-Content-Digest", digest(data))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    do_HEAD = do_GET

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
with open("port", "w") as file:
    file.write(str(server.server_port) + "\n")
server.serve_forever()
PY
python3 registry.py & server=$!
for _ in $(seq 100); do [[ ! -s port ]] || break; sleep 0.1; done
base=127.0.0.1:$(cat port)
export DOTNET_CONTAINER_INSECURE_REGISTRIES=$base

cat > app.csproj <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <RuntimeIdentifier>linux-x64</RuntimeIdentifier>
    <SelfContained>false</SelfContained>
    <ContainerBaseImage>$base/base:1</ContainerBaseImage>
  </PropertyGroup>
</Project>
XML
echo 'System.Console.WriteLine("hello");' > app.cs

publish() {
  dotnet publish /t:PublishContainer -p:ContainerArchiveOutputPath="$work/$1" -p:ContainerImageFormat="$2" > log 2>&1 ||
    { tail -n 5 log; exit 1; }
}
publish app.tar.gz Docker
publish oci.tar OCI

echo ".NET SDK $(dotnet --version)"
magic=$(head -c 2 app.tar.gz | od -An -tx1 | tr -d ' ')
echo "app.tar.gz begins with $magic (gzip: 1f8b); tar lists $(tar -tf app.tar.gz | wc -l) members of it as a plain tar"
mkdir oci && tar -xf oci.tar -C oci
digest=$(jq -r '.manifests[0].digest' oci/index.json)
types=$(jq -r '[.mediaType, .config.mediaType, (.layers[].mediaType)] | unique | .[]' "oci/blobs/sha256/${digest#*:}")
echo "the OCI archive's manifest, config and layers:"
echo "$types"

[[ $magic != 1f8b ]] && tar --no-auto-compress -tf app.tar.gz > names 2> log && grep -q manifest.json names &&
  grep -q 'oci.image.manifest' <<< "$types" && grep -q 'oci.image.layer' <<< "$types" &&
  grep -q 'docker.image.rootfs' <<< "$types" || { echo 'CHANGED: the archives are what their names say'; exit 1; }
