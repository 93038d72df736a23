package containerd

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/mount"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestManyPrepareOneKey: exactly one wins.
func TestManyPrepareOneKey(t *testing.T) {
	s := newSpace(t)
	s.layer(t, "layer")
	const callers = 500
	answers := make([]error, callers)
	var group sync.WaitGroup
	for i := range answers {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			answers[i] = s.prepare("one", "layer", keep)
		}(i)
	}
	group.Wait()
	count := map[codes.Code]int{}
	for _, err := range answers {
		count[status.Code(err)]++
	}
	if count[codes.OK] != 1 || count[codes.AlreadyExists] != callers-1 {
		t.Errorf("%v", count)
	}
}

// TestManyKeys: prepares of different keys at once all succeed, each with a device of its own.
func TestManyKeys(t *testing.T) {
	s := newSpace(t)
	s.layer(t, "layer")
	const callers = 64
	var group sync.WaitGroup
	sources := make([]string, callers)
	for i := range sources {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			answer, err := s.client.Prepare(s.ctx, &snapshotsapi.PrepareSnapshotRequest{
				Snapshotter: *snapshotter, Key: s.key(fmt.Sprint(i)), Parent: s.key("layer"), Labels: keep})
			if err != nil {
				t.Error(err)
				return
			}
			sources[i] = answer.Mounts[0].Source
		}(i)
	}
	group.Wait()
	seen := map[string]bool{}
	for _, source := range sources {
		if seen[source] {
			t.Errorf("%s is handed out twice", source)
		}
		seen[source] = true
	}
}

// TestCancelledPrepare: a caller that goes away leaves nothing, or a whole snapshot.
func TestCancelledPrepare(t *testing.T) {
	s := newSpace(t)
	s.layer(t, "layer")
	const calls = 40
	for i := 0; i < calls; i++ {
		// From at once to later than a prepare takes.
		ctx, cancel := context.WithTimeout(s.ctx, time.Duration(i)*time.Millisecond)
		_, err := s.client.Prepare(ctx, &snapshotsapi.PrepareSnapshotRequest{
			Snapshotter: *snapshotter, Key: s.key(fmt.Sprint(i)), Parent: s.key("layer"), Labels: keep})
		cancel()
		switch status.Code(err) {
		case codes.OK, codes.Canceled, codes.DeadlineExceeded:
		default:
			t.Errorf("call %d: %v", i, err)
		}
	}
	// What the service still does for calls that were given up.
	time.Sleep(2 * time.Second)
	there := 0
	for i := 0; i < calls; i++ {
		key := fmt.Sprint(i)
		err := s.stat(key)
		if status.Code(err) == codes.NotFound {
			must(t, s.prepare(key, "layer", keep))
		} else {
			must(t, err)
			there++
		}
		mounts, err := s.Mounts(s.ctx, s.key(key))
		must(t, err)
		must(t, mount.WithTempMount(s.ctx, mounts, func(root string) error {
			return os.WriteFile(root+"/file", []byte(key), 0o600)
		}))
	}
	t.Logf("of %d prepares given up, %d were done", calls, there)
}
