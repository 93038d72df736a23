package containerd

import (
	"testing"

	"github.com/containerd/containerd/mount"
	"github.com/containerd/containerd/snapshots"
	"github.com/containerd/continuity/fs/fstest"
	"gotest.tools/assert"
)

// keep holds containerd's garbage collection off a snapshot.
var keep = map[string]string{"containerd.io/gc.root": "suite"}

const mebibyte = 1 << 20

// TestUsage is what containerd's devmapper snapshotter holds its own Usage to.
func TestUsage(t *testing.T) {
	s := newSpace(t)
	options := snapshots.WithLabels(keep)

	_, err := s.Prepare(s.ctx, s.key("prepare-1"), "", options)
	assert.NilError(t, err)
	empty, err := s.Usage(s.ctx, s.key("prepare-1"))
	assert.NilError(t, err)
	assert.Assert(t, empty.Size > 0, "a fresh file system takes blocks, too")
	assert.NilError(t, s.Commit(s.ctx, s.key("layer-1"), s.key("prepare-1"), options))

	mounts, err := s.Prepare(s.ctx, s.key("prepare-2"), s.key("layer-1"), options)
	assert.NilError(t, err)
	file := fstest.CreateRandomFile("/a", 12345679, mebibyte, 0o777)
	assert.NilError(t, mount.WithTempMount(s.ctx, mounts, file.Apply))
	assert.NilError(t, s.Commit(s.ctx, s.key("layer-2"), s.key("prepare-2"), options))
	layer, err := s.Usage(s.ctx, s.key("layer-2"))
	assert.NilError(t, err)
	assert.Assert(t, layer.Size >= mebibyte, "%d", layer.Size)
	assert.Assert(t, layer.Size < 16*mebibyte, "a layer's usage is its own, without its parent's: %d", layer.Size)

	view, err := s.View(s.ctx, s.key("view"), s.key("layer-2"), options)
	assert.NilError(t, err)
	assert.Assert(t, len(view) == 1)
	_, err = s.Usage(s.ctx, s.key("view"))
	assert.NilError(t, err)
}
