package main

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/containerd/containerd/errdefs"
)

// mostTold of a kind are told after a kill: where nothing works any more there are thousands.
const mostTold = 3

// kind is a way in which a kill can leave a snapshotter.
type kind int

const (
	// Thin ids of the pool that the snapshotter does not know.
	leaked kind = iota
	// Devices that the snapshotter has given up.
	faulty
	// A name or id is taken by what nobody can have.
	exists
	// A snapshot that was acknowledged is gone, cannot be mounted, or holds something else.
	lost
	// A device is left suspended.
	suspended
	// What was asked for cannot be brought to its end, or the next step fails.
	refused
	kinds
)

var words = [kinds]string{
	"leaked thin ids", "faulty devices", "already exists", "lost or unreadable", "left suspended", "refused otherwise",
}

// faults are what was found wrong since the last kill.
type faults struct {
	sync.Mutex
	found [kinds]int
}

func (f *faults) add(of kind, format string, arguments ...any) {
	f.Lock()
	defer f.Unlock()
	if f.found[of]++; f.found[of] <= mostTold {
		fmt.Fprintf(os.Stderr, "  %s: %s\n", words[of], fmt.Sprintf(format, arguments...))
	}
}

// of sorts an error: of a name or id that is taken, or of the other kind.
func (f *faults) of(other kind, subject any, err error) {
	if errdefs.IsAlreadyExists(err) || strings.Contains(strings.ToLower(err.Error()), "exists") {
		other = exists
	}
	f.add(other, "%v: %v", subject, err)
}

// take gives what was found, and begins anew.
func (f *faults) take() [kinds]int {
	f.Lock()
	defer f.Unlock()
	found := f.found
	f.found = [kinds]int{}
	return found
}
