package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// report is what one run comes to: a new pool, and so many kills.
type report struct {
	Snapshotter string `json:"snapshotter"`
	Seed        int64  `json:"seed"`
	Kills       int    `json:"kills"`
	// Acknowledged.
	Steps int `json:"steps"`
	// What the kills left behind, by kind.
	Found map[string]int `json:"found"`
	// Why it could not go on.
	Ended string `json:"ended,omitempty"`
}

// sum is what all runs with one snapshotter come to.
type sum struct {
	runs, kills, steps, unsound int
	// Runs in which there was any of a kind.
	with map[string]int
}

var names = map[string]string{"dmagents": "DmAgents", "devmapper": "containerd's devmapper"}

// compare writes reports as a table, a column for each snapshotter, and tells whether the agent left nothing behind.
func compare(lines io.Reader, table io.Writer) (bool, error) {
	sums := map[string]*sum{}
	var order []string
	for decoder := json.NewDecoder(lines); ; {
		var r report
		if err := decoder.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			return false, err
		}
		if sums[r.Snapshotter] == nil {
			sums[r.Snapshotter] = &sum{with: map[string]int{}}
			order = append(order, r.Snapshotter)
		}
		sums[r.Snapshotter].add(r)
	}
	row := func(title string, cell func(*sum) int) {
		cells := []string{title}
		for _, name := range order {
			cells = append(cells, fmt.Sprint(cell(sums[name])))
		}
		fmt.Fprintf(table, "| %s |\n", strings.Join(cells, " | "))
	}
	header, rule := []string{""}, []string{"---"}
	for _, name := range order {
		header, rule = append(header, names[name]), append(rule, "---")
	}
	fmt.Fprintf(table, "| %s |\n| %s |\n", strings.Join(header, " | "), strings.Join(rule, " | "))
	row("runs", func(s *sum) int { return s.runs })
	row("kills", func(s *sum) int { return s.kills })
	row("steps that were acknowledged", func(s *sum) int { return s.steps })
	for _, word := range append(words[:], "could not go on") {
		row("runs with: "+word, func(s *sum) int { return s.with[word] })
	}
	row("runs with any of these", func(s *sum) int { return s.unsound })
	agent := sums["dmagents"]
	return agent == nil || agent.unsound == 0, nil
}

func (s *sum) add(r report) {
	s.runs++
	s.kills += r.Kills
	s.steps += r.Steps
	for word, count := range r.Found {
		if count > 0 {
			s.with[word]++
		}
	}
	if r.Ended != "" {
		s.with["could not go on"]++
	}
	if len(r.Found) > 0 || r.Ended != "" {
		s.unsound++
	}
}
