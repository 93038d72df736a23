package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// pool is the thin pool itself, whoever owns it.
type pool struct{ name, metadata string }

// thins are the ids that the pool has, read through a metadata snapshot.
func (p pool) thins() (map[uint64]bool, error) {
	for tries := 0; ; tries++ {
		_, err := run("dmsetup", "message", p.name, "0", "reserve_metadata_snap")
		if err == nil {
			break
		}
		// The owner may be reading through it: there is only one.
		if tries == 100 {
			return nil, err
		}
		time.Sleep(50 * time.Millisecond)
	}
	defer run("dmsetup", "message", p.name, "0", "release_metadata_snap")
	listed, err := run("thin_ls", "-m", "--no-headers", "--format", "DEV", p.metadata)
	if err != nil {
		return nil, err
	}
	ids := map[uint64]bool{}
	for _, word := range strings.Fields(listed) {
		id, err := strconv.ParseUint(word, 10, 24)
		if err != nil {
			return nil, err
		}
		ids[id] = true
	}
	return ids, nil
}

// suspendedDevices are those whose input and output waits for somebody.
func suspendedDevices() ([]string, error) {
	listed, err := run("dmsetup", "info", "--columns", "--noheadings", "--separator", " ", "--options", "name,suspended")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, line := range strings.Split(listed, "\n") {
		if strings.HasSuffix(line, " Suspended") {
			names = append(names, strings.Fields(line)[0])
		}
	}
	return names, nil
}

// device is what containerd's devmapper snapshotter keeps of one, under the names of its own format.
type device struct {
	ID    uint64 `json:"device_id"`
	Name  string `json:"name"`
	State int    `json:"state"`
}

const stateFaulty = 13

// containerdDevices reads the snapshotter's database, of which it has the lock: a copy of it.
func containerdDevices(database string) (devices []device, faultyIDs int, err error) {
	copied, err := duplicate(database)
	if err != nil {
		return nil, 0, err
	}
	defer os.Remove(copied)
	db, err := bolt.Open(copied, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return nil, 0, err
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		known, ids := tx.Bucket([]byte("devices")), tx.Bucket([]byte("device_ids"))
		if known == nil || ids == nil {
			return fmt.Errorf("%s has not the buckets of a devmapper snapshotter", database)
		}
		if err := known.ForEach(func(_, value []byte) error {
			var d device
			if err := json.Unmarshal(value, &d); err != nil {
				return err
			}
			devices = append(devices, d)
			return nil
		}); err != nil {
			return err
		}
		return ids.ForEach(func(_, value []byte) error {
			if len(value) == 1 && value[0] == 2 {
				faultyIDs++
			}
			return nil
		})
	})
	return devices, faultyIDs, err
}

func duplicate(path string) (string, error) {
	from, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := os.CreateTemp("", "storm")
	if err != nil {
		return "", err
	}
	defer to.Close()
	_, err = io.Copy(to, from)
	return to.Name(), err
}

func run(name string, arguments ...string) (string, error) {
	output, err := exec.Command(name, arguments...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %v: %s", name, strings.Join(arguments, " "), err, output)
	}
	return string(output), nil
}
