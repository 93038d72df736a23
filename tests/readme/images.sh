# The images that the README's lines import, by their names there. Sourced.
# shellcheck shell=bash

# "blob FILE": puts it among the layout's blobs, and prints its digest and size as a descriptor has them.
blob() {
  local digest
  digest=$(sha256sum < "$1" | cut -d ' ' -f 1)
  cp "$1" "layout/blobs/sha256/$digest"
  jq -nc --arg digest "sha256:$digest" --argjson size "$(stat -c %s "$1")" '{digest: $digest, size: $size}'
}

# "manifest ARCHITECTURE": puts an image of one layer into the layout, and prints its descriptor.
manifest() {
  local oci=application/vnd.oci.image
  echo "$1" > tree/architecture
  tar -c --owner 0 --group 0 -C tree -f layer.tar .
  jq -nc --arg architecture "$1" --arg layer "sha256:$(sha256sum < layer.tar | cut -d ' ' -f 1)" '{$architecture,
    os: "linux", config: {Cmd: ["/bin/sh"]}, rootfs: {type: "layers", diff_ids: [$layer]}}' > config.json
  jq -nc --arg oci $oci --argjson config "$(blob config.json)" --argjson layer "$(blob layer.tar)" '{schemaVersion: 2,
    config: ($config + {mediaType: "\($oci).config.v1+json"}),
    layers: [$layer + {mediaType: "\($oci).layer.v1.tar"}]}' > manifest.json
  blob manifest.json | jq -c --arg oci $oci --arg architecture "$1" \
    '. + {mediaType: "\($oci).manifest.v1+json", platform: {os: "linux", $architecture}}'
}

# "name_it REFERENCE": the layout's index, of the descriptor on standard input.
name_it() {
  echo '{"imageLayoutVersion": "1.0.0"}' > layout/oci-layout
  jq -c --arg name "$1" '{schemaVersion: 2,
    manifests: [. + {annotations: {"org.opencontainers.image.ref.name": $name}}]}' > layout/index.json
}

# In the current directory: debian-oci, a layout of this host's platform; all.tar, one of two platforms; docker.tar, what
# docker save writes of the first.
make_images() {
  local here
  here=$(dpkg --print-architecture)
  mkdir -p tree/bin layout/blobs/sha256
  cp "$(command -v bash)" tree/bin/sh
  manifest "$here" > here.json
  echo '[{"Config": "config.json", "RepoTags": ["debian:12"], "Layers": ["layer.tar"]}]' > manifest.json
  tar -cf docker.tar config.json manifest.json layer.tar
  name_it debian:12 < here.json
  cp -r layout debian-oci
  manifest arm64 > other.json
  jq -sc '{schemaVersion: 2, manifests: .}' here.json other.json > index.json
  blob index.json | jq -c '. + {mediaType: "application/vnd.oci.image.index.v1+json"}' | name_it debian:all
  tar -cf all.tar -C layout .
}
