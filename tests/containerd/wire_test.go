package containerd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/mount"
	"github.com/containerd/containerd/snapshots"
)

// TestOddKeys: a key is any text. It names a snapshot and no other, in filters, too.
func TestOddKeys(t *testing.T) {
	s := newSpace(t)
	s.layer(t, "layer")
	keys := []string{
		"with blanks  in it", " ", "two\nlines\n", "tab\tand\rreturn", "/slashes//and/../dots/.", "..", ".", "-rf",
		`"quotes" 'and' \back\slashes\`, "$(id) `id` %s %d {0}", "ünïcode/漢字/🦆",
		"e\u0301 is not \u00e9", "\u00e9 is not e\u0301",
		"case", "Case", "sha256:" + strings.Repeat("0", 64), strings.Repeat("x", 1000), strings.Repeat("x", 1001),
		"control\x01\x7f", "import", "container/name", "layer/name",
	}
	for _, key := range keys {
		must(t, s.prepare(key, "layer", map[string]string{"containerd.io/gc.root": "suite", "odd": key}))
	}
	for _, key := range keys {
		found, err := s.list("name==" + strconv.Quote(s.key(key)))
		must(t, err)
		if len(found) != 1 || found[s.key(key)].Labels["odd"] != key {
			t.Errorf("a filter for %q finds %v", key, found)
		}
		must(t, s.mounts(key))
		must(t, s.commit("of "+key, key))
	}
	for _, key := range keys {
		info, err := s.Stat(s.ctx, s.key("of "+key))
		if err != nil || info.Name != s.key("of "+key) || info.Parent != s.key("layer") {
			t.Errorf("what %q became is %v: %v", key, info, err)
		}
		if err := s.remove("of " + key); err != nil {
			t.Errorf("%q cannot be removed: %v", key, err)
		}
	}
}

// TestListStreams: a long list comes in blocks, each snapshot once.
func TestListStreams(t *testing.T) {
	s := newSpace(t)
	s.layer(t, "layer")
	const views = 150
	for i := 0; i < views; i++ {
		must(t, s.view(fmt.Sprintf("view-%d", i), "layer"))
	}
	stream, err := s.client.List(s.ctx, &snapshotsapi.ListSnapshotsRequest{
		Snapshotter: *snapshotter, Filters: []string{"kind==view,parent==" + strconv.Quote(s.key("layer"))}})
	must(t, err)
	names := map[string]bool{}
	blocks := 0
	for {
		block, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		blocks++
		for _, info := range block.Info {
			names[info.Name] = true
		}
	}
	if len(names) != views || blocks < 2 {
		t.Errorf("%d snapshots in %d blocks", len(names), blocks)
	}
}

// TestCleanup: containerd calls it after each garbage collection, and gives up a collection that it fails.
func TestCleanup(t *testing.T) {
	s := newSpace(t)
	_, err := s.client.Cleanup(s.ctx, &snapshotsapi.CleanupRequest{Snapshotter: *snapshotter})
	must(t, err)
}

// TestMounts: what containerd gets to mount, and that it is the same later.
func TestMounts(t *testing.T) {
	s := newSpace(t)
	s.layer(t, "layer")
	must(t, s.prepare("active", "layer", keep))
	active, err := s.Mounts(s.ctx, s.key("active"))
	must(t, err)
	if len(active) != 1 || active[0].Type != *fileSystem || hasOption(active[0], "ro") {
		t.Errorf("an active snapshot's mounts are %v", active)
	}
	if *fileSystem == "xfs" && !hasOption(active[0], "nouuid") {
		t.Errorf("xfs would refuse a second snapshot of one file system: %v", active)
	}
	var views [2][]mount.Mount
	for i := range views {
		key := s.key(fmt.Sprintf("view-%d", i))
		views[i], err = s.View(s.ctx, key, s.key("layer"), snapshots.WithLabels(keep))
		must(t, err)
		again, err := s.Mounts(s.ctx, key)
		must(t, err)
		if len(views[i]) != 1 || !hasOption(views[i][0], "ro") || fmt.Sprint(again) != fmt.Sprint(views[i]) {
			t.Errorf("a view's mounts are %v, later %v", views[i], again)
		}
	}
	if views[0][0].Source != views[1][0].Source {
		t.Errorf("two views of a layer, two devices: %v and %v", views[0], views[1])
	}
	if views[0][0].Source == active[0].Source {
		t.Errorf("a view and an active snapshot share a device: %v", active)
	}
	// Both views and the active snapshot can be mounted at once, and the views until the last of them goes.
	must(t, mount.WithTempMount(s.ctx, active, func(string) error {
		return mount.WithTempMount(s.ctx, views[0], func(string) error {
			return mount.WithTempMount(s.ctx, views[1], func(string) error { return nil })
		})
	}))
	must(t, s.remove("view-0"))
	must(t, mount.WithTempMount(s.ctx, views[1], func(root string) error {
		if err := os.Mkdir(root+"/made", 0o755); !errors.Is(err, syscall.EROFS) {
			return fmt.Errorf("a view can be written: %v", err)
		}
		return nil
	}))
}

// TestMaxSize: the label makes room for more than the layer below has.
func TestMaxSize(t *testing.T) {
	s := newSpace(t)
	s.layer(t, "layer")
	must(t, s.prepare("usual", "layer", keep))
	usual := s.size(t, "usual")
	wanted := 2 * (usual + usual/8)
	must(t, s.prepare("large", "layer", map[string]string{
		"containerd.io/gc.root": "suite", "containerd.io/snapshot/max-size": strconv.FormatUint(wanted, 10)}))
	if got := s.size(t, "large"); got < wanted-wanted/8 || got > wanted {
		t.Errorf("the file system has %d bytes, %d were asked for, %d are usual", got, wanted, usual)
	}
}

// size mounts a snapshot, and tells how large its file system is.
func (s *space) size(t *testing.T, key string) uint64 {
	t.Helper()
	mounts, err := s.Mounts(s.ctx, s.key(key))
	must(t, err)
	var found syscall.Statfs_t
	must(t, mount.WithTempMount(context.Background(), mounts, func(root string) error {
		return syscall.Statfs(root, &found)
	}))
	return found.Blocks * uint64(found.Bsize)
}

func hasOption(m mount.Mount, option string) bool {
	for _, o := range m.Options {
		if o == option {
			return true
		}
	}
	return false
}
