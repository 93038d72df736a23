// Package containerd runs containerd's own snapshotter test suite, and tests of the protocol that the suite lacks,
// against a snapshot service on a Unix socket: the agent's, or containerd's with the agent behind it.
package containerd

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/namespaces"
	"github.com/containerd/containerd/pkg/dialer"
	"github.com/containerd/containerd/snapshots"
	"github.com/containerd/containerd/snapshots/proxy"
	"github.com/containerd/containerd/snapshots/testsuite"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

var (
	socket      = flag.String("socket", "/run/dmagents/containerd.sock", "the service's Unix socket")
	snapshotter = flag.String("snapshotter", "dmagents", "the snapshotter's name, sent with every request")
	fileSystem  = flag.String("fs", "ext4", "the file system that mounts are expected to have")
)

// space is a containerd namespace of one test's own: a second run must not meet the first one's snapshots. A service
// need not heed namespaces, so keys that are fixed begin with it, too; see key.
type space struct {
	ctx       context.Context
	namespace string
	client    snapshotsapi.SnapshotsClient
	snapshots.Snapshotter
}

// newSpace dials the service. At the end of the test it removes the snapshots that came to be meanwhile.
func newSpace(t *testing.T) *space {
	t.Helper()
	namespace := fmt.Sprintf("suite-%d-%d", os.Getpid(), time.Now().UnixNano())
	intercept := func(ctx context.Context) context.Context {
		headers, _ := metadata.FromOutgoingContext(ctx)
		headers = headers.Copy()
		headers.Set(namespaces.GRPCHeader, namespace)
		return metadata.NewOutgoingContext(ctx, headers)
	}
	unary := func(ctx context.Context, method string, request, reply interface{}, connection *grpc.ClientConn,
		invoker grpc.UnaryInvoker, options ...grpc.CallOption) error {
		return invoker(intercept(ctx), method, request, reply, connection, options...)
	}
	stream := func(ctx context.Context, description *grpc.StreamDesc, connection *grpc.ClientConn, method string,
		streamer grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
		return streamer(intercept(ctx), description, connection, method, options...)
	}
	connection, err := grpc.Dial(dialer.DialAddress(*socket), grpc.WithInsecure(),
		grpc.WithContextDialer(dialer.ContextDialer),
		grpc.WithUnaryInterceptor(unary), grpc.WithStreamInterceptor(stream))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	client := snapshotsapi.NewSnapshotsClient(connection)
	s := &space{context.Background(), namespace, client, proxy.NewSnapshotter(client, *snapshotter)}
	before, err := s.list()
	if err != nil {
		t.Fatalf("%s cannot be asked: %v", *socket, err)
	}
	t.Cleanup(func() {
		if err := s.clear(before); err != nil {
			t.Errorf("what the test made cannot be removed: %v", err)
		}
	})
	return s
}

// key is a snapshot's key that no other test uses.
func (s *space) key(name string) string { return s.namespace + "/" + name }

func (s *space) list(filters ...string) (map[string]snapshots.Info, error) {
	found := map[string]snapshots.Info{}
	err := s.Walk(s.ctx, func(_ context.Context, info snapshots.Info) error {
		if _, twice := found[info.Name]; twice {
			return fmt.Errorf("%q is listed twice", info.Name)
		}
		found[info.Name] = info
		return nil
	}, filters...)
	return found, err
}

// clear removes every snapshot but those in keep, children first.
func (s *space) clear(keep map[string]snapshots.Info) error {
	left, err := s.list()
	if err != nil {
		return err
	}
	for name := range keep {
		delete(left, name)
	}
	for len(left) > 0 {
		children := map[string]bool{}
		for _, info := range left {
			children[info.Parent] = true
		}
		count := len(left)
		for name := range left {
			if children[name] {
				continue
			}
			if err := s.Remove(s.ctx, name); err != nil {
				return err
			}
			delete(left, name)
		}
		if len(left) == count {
			return fmt.Errorf("the parents of %d snapshots run in a circle", count)
		}
	}
	return nil
}

// TestSuite is containerd's own. Its tests share a space, as they share the fixed namespace that they set.
func TestSuite(t *testing.T) {
	s := newSpace(t)
	testsuite.SnapshotterSuite(t, *snapshotter,
		func(context.Context, string) (snapshots.Snapshotter, func() error, error) { return s, nil, nil })
}
