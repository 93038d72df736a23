package containerd

import (
	"fmt"
	"strings"
	"testing"

	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/gogo/protobuf/types"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Requests on the wire, each with this space's keys.
func (s *space) prepare(key, parent string, labels map[string]string) error {
	_, err := s.client.Prepare(s.ctx, &snapshotsapi.PrepareSnapshotRequest{
		Snapshotter: *snapshotter, Key: s.key(key), Parent: s.keyOrNone(parent), Labels: labels})
	return err
}

func (s *space) view(key, parent string) error {
	_, err := s.client.View(s.ctx, &snapshotsapi.ViewSnapshotRequest{
		Snapshotter: *snapshotter, Key: s.key(key), Parent: s.keyOrNone(parent), Labels: keep})
	return err
}

func (s *space) commit(name, key string) error {
	_, err := s.client.Commit(s.ctx, &snapshotsapi.CommitSnapshotRequest{
		Snapshotter: *snapshotter, Name: s.key(name), Key: s.key(key), Labels: keep})
	return err
}

func (s *space) remove(key string) error {
	_, err := s.client.Remove(s.ctx, &snapshotsapi.RemoveSnapshotRequest{Snapshotter: *snapshotter, Key: s.key(key)})
	return err
}

func (s *space) stat(key string) error {
	_, err := s.client.Stat(s.ctx, &snapshotsapi.StatSnapshotRequest{Snapshotter: *snapshotter, Key: s.key(key)})
	return err
}

func (s *space) mounts(key string) error {
	_, err := s.client.Mounts(s.ctx, &snapshotsapi.MountsRequest{Snapshotter: *snapshotter, Key: s.key(key)})
	return err
}

func (s *space) usage(key string) error {
	_, err := s.client.Usage(s.ctx, &snapshotsapi.UsageRequest{Snapshotter: *snapshotter, Key: s.key(key)})
	return err
}

func (s *space) update(key string, labels map[string]string, paths ...string) error {
	_, err := s.client.Update(s.ctx, &snapshotsapi.UpdateSnapshotRequest{
		Snapshotter: *snapshotter, Info: snapshotsapi.Info{Name: s.key(key), Labels: labels},
		UpdateMask: &types.FieldMask{Paths: paths}})
	return err
}

func (s *space) keyOrNone(key string) string {
	if key == "" {
		return ""
	}
	return s.key(key)
}

// layer makes a committed snapshot.
func (s *space) layer(t *testing.T, name string) {
	t.Helper()
	must(t, s.prepare(name+"-active", "", keep))
	must(t, s.commit(name, name+"-active"))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestStatus: what is refused, and with which status. containerd and its clients act by these.
func TestStatus(t *testing.T) {
	s := newSpace(t)
	s.layer(t, "layer")
	must(t, s.prepare("active", "layer", keep))
	must(t, s.view("view", "layer"))
	long := map[string]string{"containerd.io/gc.root": strings.Repeat("v", 4096-len("containerd.io/gc.root")+1)}
	list := func(filters ...string) error {
		stream, err := s.client.List(s.ctx, &snapshotsapi.ListSnapshotsRequest{
			Snapshotter: *snapshotter, Filters: filters})
		if err == nil {
			_, err = stream.Recv()
		}
		return err
	}

	for _, refused := range []struct {
		what string
		code codes.Code
		call func() error
	}{
		{"Prepare of a key in use", codes.AlreadyExists, func() error { return s.prepare("active", "layer", keep) }},
		{"Prepare of a view's key", codes.AlreadyExists, func() error { return s.prepare("view", "layer", keep) }},
		{"Prepare of a layer's name", codes.AlreadyExists, func() error { return s.prepare("layer", "", keep) }},
		{"View of a key in use", codes.AlreadyExists, func() error { return s.view("active", "layer") }},
		{"Prepare of an unknown parent", codes.NotFound, func() error { return s.prepare("n", "none", keep) }},
		{"View of an unknown parent", codes.NotFound, func() error { return s.view("n", "none") }},
		{"Prepare of an active parent", codes.InvalidArgument, func() error { return s.prepare("n", "active", keep) }},
		{"View of an active parent", codes.InvalidArgument, func() error { return s.view("n", "active") }},
		{"Prepare of a view as parent", codes.InvalidArgument, func() error { return s.prepare("n", "view", keep) }},
		{"Stat of an unknown key", codes.NotFound, func() error { return s.stat("none") }},
		{"Mounts of an unknown key", codes.NotFound, func() error { return s.mounts("none") }},
		{"Usage of an unknown key", codes.NotFound, func() error { return s.usage("none") }},
		{"Remove of an unknown key", codes.NotFound, func() error { return s.remove("none") }},
		{"Update of an unknown key", codes.NotFound, func() error { return s.update("none", keep) }},
		{"Commit of an unknown key", codes.NotFound, func() error { return s.commit("n", "none") }},
		{"Commit of a view", codes.FailedPrecondition, func() error { return s.commit("n", "view") }},
		{"Commit of a committed one", codes.FailedPrecondition, func() error { return s.commit("n", "layer") }},
		{"Commit onto a taken name", codes.AlreadyExists, func() error { return s.commit("layer", "active") }},
		{"Commit onto a view's key", codes.AlreadyExists, func() error { return s.commit("view", "active") }},
		{"Remove of a parent", codes.FailedPrecondition, func() error { return s.remove("layer") }},
		{"Update of the parent", codes.InvalidArgument, func() error { return s.update("active", keep, "parent") }},
		{"Update of the kind", codes.InvalidArgument, func() error { return s.update("layer", keep, "kind") }},
		{"Update of labels and more", codes.InvalidArgument,
			func() error { return s.update("layer", keep, "labels", "created_at") }},
		{"a filter without a value", codes.InvalidArgument, func() error { return list("name==") }},
		{"a filter that is none", codes.InvalidArgument, func() error { return list("name==a", "!!") }},
		{"a filter with an open quote", codes.InvalidArgument, func() error { return list(`labels."a`) }},
		{"Prepare with a label over 4096 bytes", codes.InvalidArgument,
			func() error { return s.prepare("n", "layer", long) }},
		{"Update to a label over 4096 bytes", codes.InvalidArgument, func() error { return s.update("active", long) }},
		{"Prepare without a key", codes.InvalidArgument, func() error {
			_, err := s.client.Prepare(s.ctx, &snapshotsapi.PrepareSnapshotRequest{Snapshotter: *snapshotter})
			return err
		}},
		{"View without a key", codes.InvalidArgument, func() error {
			_, err := s.client.View(s.ctx, &snapshotsapi.ViewSnapshotRequest{Snapshotter: *snapshotter})
			return err
		}},
		{"Commit without a name", codes.InvalidArgument, func() error {
			_, err := s.client.Commit(s.ctx, &snapshotsapi.CommitSnapshotRequest{
				Snapshotter: *snapshotter, Key: s.key("active")})
			return err
		}},
		{"an unknown snapshotter", codes.InvalidArgument, func() error {
			_, err := s.client.Stat(s.ctx, &snapshotsapi.StatSnapshotRequest{
				Snapshotter: "no-such-snapshotter", Key: s.key("active")})
			return err
		}},
	} {
		t.Run(refused.what, func(t *testing.T) {
			err := refused.call()
			if status.Code(err) != refused.code {
				t.Fatalf("%s was expected: %v", refused.code, err)
			}
			if refused.what == "Remove of a parent" && !strings.Contains(err.Error(), "remove") {
				t.Fatalf("containerd's suite looks for \"remove\" in it: %v", err)
			}
		})
	}

	// Nothing of this has left a trace.
	left, err := s.list()
	must(t, err)
	for _, key := range []string{"layer", "active", "view"} {
		if _, found := left[s.key(key)]; !found {
			t.Errorf("%s is gone", key)
		}
	}
	for _, key := range []string{"n", "none"} {
		if info, found := left[s.key(key)]; found {
			t.Errorf("there is a %s: %v", key, info)
		}
	}
}

// TestLabelLimit: 4096 bytes of key and value are allowed, and one label's length is no other's.
func TestLabelLimit(t *testing.T) {
	s := newSpace(t)
	labels := map[string]string{}
	for i := 0; i < 8; i++ {
		key := fmt.Sprintf("containerd.io/gc.root.%d", i)
		labels[key] = strings.Repeat("v", 4096-len(key))
	}
	must(t, s.prepare("full", "", labels))
	info, err := s.Stat(s.ctx, s.key("full"))
	must(t, err)
	for key, value := range labels {
		if info.Labels[key] != value {
			t.Errorf("label %s is %d bytes long instead of %d", key, len(info.Labels[key]), len(value))
		}
	}
}
