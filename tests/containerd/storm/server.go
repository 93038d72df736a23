package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/containerd/containerd/snapshots"
)

// server is the program that is killed.
type server struct {
	command []string
	log     string
	service snapshots.Snapshotter
	process *exec.Cmd
	ended   chan error
}

// Long: the lab has one processor.
const patience = 180 * time.Second

// start returns when the service answers.
func (s *server) start(ctx context.Context) error {
	log, err := os.OpenFile(s.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.process = exec.Command(s.command[0], s.command[1:]...)
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func(process *exec.Cmd) { ended <- process.Wait() }(s.process)
	s.ended = ended
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		last := s.service.Walk(ctx, func(context.Context, snapshots.Info) error { return nil })
		if last == nil {
			return nil
		}
		select {
		case err := <-ended:
			s.process = nil
			return fmt.Errorf("it ended: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("it does not answer after %v: %v", patience, last)
		}
	}
}

// kill leaves it no time for anything. One that does not run: done.
func (s *server) kill() {
	if s.process == nil {
		return
	}
	s.process.Process.Kill()
	<-s.ended
	s.process = nil
}
