// Program storm kills a snapshotter again and again while clients work, and counts what each kill leaves behind. The same
// clients do the same to the agent and to containerd with its devmapper snapshotter, through containerd's API. In the
// lab: see ../storm.sh.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"sync"
	"time"

	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/namespaces"
	"github.com/containerd/containerd/pkg/dialer"
	"github.com/containerd/containerd/snapshots"
	"github.com/containerd/containerd/snapshots/proxy"
	"google.golang.org/grpc"
)

var (
	socket      = flag.String("socket", "", "the service's Unix socket")
	snapshotter = flag.String("snapshotter", "dmagents", "the snapshotter's name, sent with every request")
	poolName    = flag.String("pool", "", "the thin pool's device-mapper name")
	metadata    = flag.String("metadata", "", "the pool's metadata device")
	database    = flag.String("database", "", "what containerd's devmapper knows of devices; else it is the agent")
	log         = flag.String("log", "", "where the output of the program goes that is killed")
	kills       = flag.Int("kills", 10, "how often")
	table       = flag.Bool("table", false, "writes reports as a table; status 1 where the agent left anything")
	seed        = flag.Int64("seed", 1, "what the clients do, and when the kills come")
)

const (
	clientCount = 4
	shortest    = 200 * time.Millisecond
	longest     = 3 * time.Second
)

func main() {
	flag.Parse()
	if *table {
		sound, err := compare(os.Stdin, os.Stdout)
		if err != nil || !sound {
			os.Exit(1)
		}
		return
	}
	connection, err := grpc.Dial(dialer.DialAddress(*socket), grpc.WithInsecure(),
		grpc.WithContextDialer(dialer.ContextDialer),
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: time.Second}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
		os.Exit(1)
	}
	service := proxy.NewSnapshotter(snapshotsapi.NewSnapshotsClient(connection), *snapshotter)
	s := &storm{
		server: &server{command: flag.Args(), log: *log, service: service},
		random: rand.New(rand.NewSource(*seed)),
		report: report{Snapshotter: *snapshotter, Seed: *seed, Found: map[string]int{}},
	}
	for i := 0; i < clientCount; i++ {
		s.clients = append(s.clients, newClient(i, service, *seed*31+int64(i), &s.faults))
	}
	if err := s.run(namespaces.WithNamespace(context.Background(), "storm")); err != nil {
		s.report.Ended = err.Error()
	}
	json.NewEncoder(os.Stdout).Encode(s.report)
}

type storm struct {
	server  *server
	clients []*client
	faults  faults
	random  *rand.Rand
	report  report
	// Found after an earlier kill already.
	known struct {
		leaked    map[uint64]bool
		faulty    map[uint64]bool
		faultyIDs int
	}
}

func (s *storm) run(ctx context.Context) error {
	s.known.leaked, s.known.faulty = map[uint64]bool{}, map[uint64]bool{}
	defer s.server.kill()
	if err := s.server.start(ctx); err != nil {
		return err
	}
	for ; s.report.Kills < *kills; s.report.Kills++ {
		fmt.Fprintf(os.Stderr, "%s: kill %d of %d\n", *snapshotter, s.report.Kills+1, *kills)
		s.work(ctx)
		if err := s.server.start(ctx); err != nil {
			return fmt.Errorf("after kill %d: %w", s.report.Kills+1, err)
		}
		for _, client := range s.clients {
			client.finish(ctx)
		}
		for _, client := range s.clients {
			client.verify(ctx)
		}
		if err := s.look(ctx); err != nil {
			return err
		}
		s.count()
	}
	return nil
}

// work lets the clients work for a while, and kills.
func (s *storm) work(ctx context.Context) {
	working, end := context.WithCancel(ctx)
	defer end()
	var group sync.WaitGroup
	for _, each := range s.clients {
		group.Add(1)
		go func(c *client) {
			defer group.Done()
			c.run(working)
		}(each)
	}
	time.Sleep(shortest + time.Duration(s.random.Int63n(int64(longest-shortest))))
	s.server.kill()
	group.Wait()
}

func (s *storm) count() {
	for of, found := range s.faults.take() {
		if found > 0 {
			s.report.Found[words[of]] += found
		}
	}
	s.report.Steps = 0
	for _, client := range s.clients {
		s.report.Steps += client.done
	}
}

// look compares the pool with what its owner knows of it.
func (s *storm) look(ctx context.Context) error {
	names, err := suspendedDevices()
	if err != nil {
		return err
	}
	for _, name := range names {
		s.faults.add(suspended, "%s", name)
	}
	if *database != "" {
		return s.lookAtContainerd()
	}
	return s.lookAtAgent(ctx)
}

func (s *storm) lookAtContainerd() error {
	devices, faultyIDs, err := containerdDevices(*database)
	if err != nil {
		return err
	}
	ids, err := pool{*poolName, *metadata}.thins()
	if err != nil {
		return err
	}
	for _, device := range devices {
		delete(ids, device.ID)
		if device.State == stateFaulty && !s.known.faulty[device.ID] {
			s.known.faulty[device.ID] = true
			s.faults.add(faulty, "%s, thin id %d", device.Name, device.ID)
		}
	}
	if faultyIDs > s.known.faultyIDs {
		s.faults.add(faulty, "%d ids are marked faulty, %d before", faultyIDs, s.known.faultyIDs)
	}
	s.known.faultyIDs = faultyIDs
	s.leaks(ids)
	return nil
}

// lookAtAgent: a device each for the base, for every container and for every layer, once the removals are through.
func (s *storm) lookAtAgent(ctx context.Context) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		ids, err := pool{*poolName, *metadata}.thins()
		if err != nil {
			return err
		}
		snapshotCount := 0
		if err := s.server.service.Walk(ctx, func(_ context.Context, info snapshots.Info) error {
			if info.Kind != snapshots.KindView {
				snapshotCount++
			}
			return nil
		}); err != nil {
			return err
		}
		if len(ids) <= snapshotCount+1 {
			return nil
		}
		if time.Now().After(deadline) {
			s.leaks(ids)
			return nil
		}
	}
}

func (s *storm) leaks(ids map[uint64]bool) {
	for id := range ids {
		if !s.known.leaked[id] {
			s.known.leaked[id] = true
			s.faults.add(leaked, "thin id %d", id)
		}
	}
}
