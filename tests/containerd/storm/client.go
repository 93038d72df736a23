package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/containerd/containerd/errdefs"
	"github.com/containerd/containerd/mount"
	"github.com/containerd/containerd/snapshots"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	mostActive = 4
	mostLayers = 4
	// Written through to the disk at once, so that a kill of the snapshotter cannot take it.
	mostContent = 256 << 10
	// After a refusal.
	pause = 50 * time.Millisecond
)

// keep holds containerd's garbage collection off a snapshot.
var keep = snapshots.WithLabels(map[string]string{"containerd.io/gc.root": "storm"})

// step is one thing that a client asks for. What was asked for and never answered may have been done or not.
type step struct {
	verb string
	// The snapshot that is prepared, written, committed, viewed or removed.
	key string
	// The parent of a prepare or view; the layer that a commit makes.
	name string
	// What is written.
	content int64
}

// held is a snapshot that was acknowledged.
type held struct {
	parent string
	// What its file was made from; 0 where there is none.
	content int64
}

// client makes, writes, commits, views and removes snapshots of its own, and knows what it was told is so.
type client struct {
	number  int
	service snapshots.Snapshotter
	random  *rand.Rand
	faults  *faults
	active  map[string]held
	views   map[string]held
	layers  map[string]held
	made    int
	open    *step
	// Acknowledged steps.
	done int
}

func newClient(number int, service snapshots.Snapshotter, seed int64, faults *faults) *client {
	return &client{number: number, service: service, random: rand.New(rand.NewSource(seed)), faults: faults,
		active: map[string]held{}, views: map[string]held{}, layers: map[string]held{}}
}

// run works until the snapshotter is gone. The step that was under way then is left open.
func (c *client) run(ctx context.Context) {
	for ctx.Err() == nil {
		next := c.next()
		err := c.perform(ctx, next)
		if isGone(err) {
			c.open = &next
			return
		}
		if err != nil {
			c.faults.of(refused, next, err)
			c.abandon(next)
			time.Sleep(pause)
			continue
		}
		c.done++
		c.apply(next)
	}
}

// finish asks once more for what has no answer: it must be possible to bring it to its end.
func (c *client) finish(ctx context.Context) {
	if c.open == nil {
		return
	}
	step := *c.open
	c.open = nil
	err := c.perform(ctx, step)
	switch {
	case err == nil:
		c.apply(step)
	case errdefs.IsAlreadyExists(err) && c.exists(ctx, step.result()):
		c.apply(step)
	case errdefs.IsNotFound(err) && step.verb == "remove":
		c.apply(step)
	case errdefs.IsNotFound(err) && step.verb == "commit" && c.exists(ctx, step.name):
		c.apply(step)
	default:
		c.faults.of(refused, step, err)
		c.abandon(step)
	}
}

// verify finds everything that was acknowledged, as it was left.
func (c *client) verify(ctx context.Context) {
	for _, snapshots := range []map[string]held{c.layers, c.active, c.views} {
		for _, key := range sorted(snapshots) {
			if err := c.holds(ctx, key, snapshots[key]); err != nil {
				c.faults.of(lost, key, err)
				delete(snapshots, key)
			}
		}
	}
}

func (c *client) holds(ctx context.Context, key string, expected held) error {
	info, err := c.service.Stat(ctx, key)
	if err != nil {
		return err
	}
	if info.Kind == snapshots.KindCommitted {
		view := key + "-look"
		mounts, err := c.service.View(ctx, view, key, keep)
		if err != nil {
			return err
		}
		if err := has(ctx, mounts, expected.content); err != nil {
			return err
		}
		return c.service.Remove(ctx, view)
	}
	mounts, err := c.service.Mounts(ctx, key)
	if err != nil {
		return err
	}
	return has(ctx, mounts, expected.content)
}

func (c *client) exists(ctx context.Context, key string) bool {
	_, err := c.service.Stat(ctx, key)
	return err == nil
}

func (c *client) next() step {
	key := fmt.Sprintf("c%d-%d", c.number, c.made)
	active, layers := sorted(c.active), sorted(c.layers)
	pick := func(keys []string) string { return keys[c.random.Intn(len(keys))] }
	switch draw := c.random.Intn(10); {
	case len(layers) == 0 && len(active) == 0:
		return step{verb: "prepare", key: key}
	case len(layers) == 0:
		return step{verb: "commit", key: active[0], name: key}
	case draw < 3 && len(active) > 0:
		return step{verb: "write", key: pick(active), content: c.random.Int63()}
	case draw < 5 && len(active) > 0 && len(layers) < mostLayers:
		return step{verb: "commit", key: pick(active), name: key}
	case draw == 5 && len(active) > 0:
		return step{verb: "remove", key: pick(active)}
	case draw == 6 && len(c.views) > 0:
		return step{verb: "remove", key: sorted(c.views)[0]}
	case draw == 7 && len(c.views) == 0:
		return step{verb: "view", key: key, name: pick(layers)}
	case draw == 8 && len(layers) > 1 && len(c.leaves()) > 0:
		return step{verb: "remove", key: pick(c.leaves())}
	case len(active) < mostActive:
		return step{verb: "prepare", key: key, name: pick(layers)}
	default:
		return step{verb: "remove", key: pick(active)}
	}
}

// leaves are the layers that nothing descends from.
func (c *client) leaves() []string {
	parents := map[string]bool{}
	for _, snapshots := range []map[string]held{c.layers, c.active, c.views} {
		for _, snapshot := range snapshots {
			parents[snapshot.parent] = true
		}
	}
	var leaves []string
	for _, layer := range sorted(c.layers) {
		if !parents[layer] {
			leaves = append(leaves, layer)
		}
	}
	return leaves
}

func (c *client) perform(ctx context.Context, s step) error {
	var err error
	switch s.verb {
	case "prepare":
		_, err = c.service.Prepare(ctx, s.key, s.name, keep)
	case "view":
		_, err = c.service.View(ctx, s.key, s.name, keep)
	case "commit":
		err = c.service.Commit(ctx, s.name, s.key, keep)
	case "remove":
		err = c.service.Remove(ctx, s.key)
	case "write":
		var mounts []mount.Mount
		if mounts, err = c.service.Mounts(ctx, s.key); err == nil {
			err = mount.WithTempMount(ctx, mounts, func(root string) error { return write(root, s.content) })
		}
	}
	return err
}

func (c *client) apply(s step) {
	switch s.verb {
	case "prepare":
		c.made++
		c.active[s.key] = held{s.name, c.layers[s.name].content}
	case "view":
		c.made++
		c.views[s.key] = held{s.name, c.layers[s.name].content}
	case "commit":
		c.made++
		c.layers[s.name] = c.active[s.key]
		delete(c.active, s.key)
	case "write":
		c.active[s.key] = held{c.active[s.key].parent, s.content}
	case "remove":
		c.abandon(s)
	}
}

// abandon expects nothing more of what the step is about, and gives its key to nobody.
func (c *client) abandon(s step) {
	c.made++
	delete(c.active, s.key)
	delete(c.views, s.key)
	delete(c.layers, s.key)
}

// result is what is there once the step is done.
func (s step) result() string {
	if s.verb == "commit" {
		return s.name
	}
	return s.key
}

func (s step) String() string { return fmt.Sprintf("%s %s %s", s.verb, s.key, s.name) }

// isGone: there was no answer, because there was nobody to give one.
func isGone(err error) bool {
	return err != nil && (errdefs.IsUnavailable(err) || errdefs.IsCanceled(err) || status.Code(err) == codes.Unavailable)
}

func sorted(snapshots map[string]held) []string {
	keys := make([]string, 0, len(snapshots))
	for key := range snapshots {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func write(root string, content int64) error {
	file, err := os.Create(filepath.Join(root, "written"))
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(file, bytesOf(content)); err != nil {
		return err
	}
	return file.Sync()
}

func has(ctx context.Context, mounts []mount.Mount, content int64) error {
	return mount.WithTempMount(ctx, mounts, func(root string) error {
		file, err := os.Open(filepath.Join(root, "written"))
		if os.IsNotExist(err) && content == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		defer file.Close()
		found, wanted := sha256.New(), sha256.New()
		if _, err := io.Copy(found, file); err != nil {
			return err
		}
		io.Copy(wanted, bytesOf(content))
		if string(found.Sum(nil)) != string(wanted.Sum(nil)) {
			return fmt.Errorf("it does not hold what was written")
		}
		return nil
	})
}

func bytesOf(content int64) io.Reader {
	random := rand.New(rand.NewSource(content))
	return io.LimitReader(random, 1+random.Int63n(mostContent))
}
