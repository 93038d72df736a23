package containerd

import (
	"fmt"
	"testing"

	"github.com/containerd/containerd/mount"
	"github.com/containerd/containerd/snapshots"
	"github.com/containerd/continuity/fs/fstest"
	"gotest.tools/assert"
)

// TestRename is the suite's, which skips it for everybody because of overlay: on a file system of one's own, what lies
// in a lower layer can be renamed.
func TestRename(t *testing.T) {
	s := newSpace(t)
	flat := t.TempDir()
	parent := ""
	for i, layer := range []fstest.Applier{
		fstest.Apply(
			fstest.CreateDir("/dir1", 0o700),
			fstest.CreateDir("/somefiles", 0o700),
			fstest.CreateFile("/somefiles/f1", []byte("was here first!"), 0o644),
			fstest.CreateFile("/somefiles/f2", []byte("nothing interesting"), 0o644)),
		fstest.Apply(
			fstest.Rename("/dir1", "/dir2"),
			fstest.CreateFile("/somefiles/f1-overwrite", []byte("new content 1"), 0o644),
			fstest.Rename("/somefiles/f1-overwrite", "/somefiles/f1"),
			fstest.Rename("/somefiles/f2", "/somefiles/f3")),
	} {
		name := s.key(fmt.Sprint(i))
		mounts, err := s.Prepare(s.ctx, name+"-active", parent, snapshots.WithLabels(keep))
		assert.NilError(t, err)
		assert.NilError(t, mount.WithTempMount(s.ctx, mounts, layer.Apply))
		assert.NilError(t, s.Commit(s.ctx, name, name+"-active", snapshots.WithLabels(keep)))
		assert.NilError(t, layer.Apply(flat))
		parent = name
	}
	view, err := s.View(s.ctx, s.key("view"), parent, snapshots.WithLabels(keep))
	assert.NilError(t, err)
	assert.NilError(t, mount.WithTempMount(s.ctx, view, func(root string) error {
		return fstest.CheckDirectoryEqual(root, flat)
	}))
}
