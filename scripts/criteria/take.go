package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"calendarbot/hwtest"
	"calendarbot/scripts/facts"
)

// source is a report that something leaves in dist, and how figures are read from it.
type source struct {
	file    string // from dist
	command string
	where   string
	read    func([]byte) ([]facts.Figure, error) // with names, values and units, and the date where the report has one
}

func sources() []source {
	return []source{
		{"bench/bench.json", "make bench", facts.Computer, readBench},
		{"soak/soak.json", "make soak", facts.Computer, readSoak},
		{"hwtest/report.json", "hwtest/run HOST", facts.Board, readHardware},
		{"hwtest/emulated-quick.json", "make test-image", facts.EmulatedBoard, readHardware},
	}
}

// taken are the figures of everything that lies in dist. Reports that do not say which version they measured have the one given.
func taken(dist, version string) ([]facts.Figure, error) {
	var all []facts.Figure
	for _, s := range sources() {
		name := filepath.Join(dist, filepath.FromSlash(s.file))
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list, err := s.read(text)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		for i := range list {
			f := &list[i]
			f.Command = s.command
			if f.Where == "" {
				f.Where = s.where
			}
			if f.Version == "" {
				f.Version = version
			}
		}
		all = facts.Merge(all, list)
	}
	files, err := filepath.Glob(filepath.Join(dist, "figures", "*.json"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		list, err := facts.Read(file)
		if err != nil {
			return nil, err
		}
		all = facts.Merge(all, list)
	}
	return all, nil
}

// readBench reads what scripts/bench saved: its rows have figures as words. How long all takes is not known of some parts.
func readBench(text []byte) ([]facts.Figure, error) {
	var report struct {
		Began   time.Time
		Version string
		Only    string
		Took    float64 `json:"took_seconds"`
		Rows    []struct {
			Part, What, Figure, Against string
		}
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return nil, err
	}
	var list []facts.Figure
	if report.Only == "" {
		list = append(list, facts.Figure{Name: "bench/seconds", Value: report.Took, Unit: "s"})
	}
	for _, row := range report.Rows {
		// What stands in brackets is counted anew in each run.
		what := regexp.MustCompile(` \([^)]*\)`).ReplaceAllString(row.What, "")
		name := "bench/" + row.Part + "/" + what
		list = append(list, pieces(name+"/on", row.Figure)...)
		list = append(list, pieces(name+"/off", row.Against)...)
	}
	for i := range list {
		list[i].Date, list[i].Version = report.Began, report.Version
	}
	return list, nil
}

// pieces are the figures of "13673 req/s, p50 0.07 ms": in each piece the first number, with the unit that follows it; the words around are the
// figure's name.
func pieces(name, text string) []facts.Figure {
	var list []facts.Figure
	for _, piece := range strings.Split(text, ", ") {
		words := strings.Fields(piece)
		at := slices.IndexFunc(words, func(w string) bool { return regexp.MustCompile(`^\d+(\.\d+)?$`).MatchString(w) })
		if at < 0 {
			continue
		}
		f := facts.Figure{Name: name}
		value, err := strconv.ParseFloat(words[at], 64)
		if err != nil {
			continue
		}
		f.Value = value
		rest := slices.Delete(slices.Clone(words), at, at+1)
		if at < len(rest) {
			if _, known := factors()[rest[at]]; known {
				f.Unit = rest[at]
				rest = slices.Delete(rest, at, at+1)
			}
		}
		if label := strings.Join(rest, " "); label != "" {
			f.Name += "/" + label
		}
		list = append(list, f)
	}
	return list
}

// readSoak reads what scripts/soak saved.
func readSoak(text []byte) ([]facts.Figure, error) {
	var report struct {
		Began      time.Time
		Version    string
		Took       float64 `json:"took_seconds"`
		Good       int     `json:"answers"`
		Limited    int
		Bad        int
		Slowest    float64 `json:"slowest_seconds"`
		Quantities []struct {
			Name, Unit string
			Highest    float64
			Verdict    string
		}
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return nil, err
	}
	if report.Good == 0 {
		return nil, errors.New("nothing was answered")
	}
	all := float64(report.Good + report.Limited + report.Bad)
	list := []facts.Figure{
		{Name: "soak/seconds", Value: report.Took, Unit: "s"},
		{Name: "soak/right answers", Value: 100 * float64(report.Good) / all, Unit: "%"},
		{Name: "soak/wrong or no answers", Value: float64(report.Bad)},
		{Name: "soak/slowest answer", Value: report.Slowest, Unit: "s"},
	}
	rising := 0.0
	for _, q := range report.Quantities {
		if q.Verdict == "missed" {
			rising++
		}
		list = append(list, facts.Figure{Name: "soak/" + q.Name + ", highest", Value: q.Highest, Unit: q.Unit})
	}
	list = append(list, facts.Figure{Name: "soak/quantities that rise", Value: rising})
	for i := range list {
		list[i].Date, list[i].Version = report.Began, report.Version
	}
	return list, nil
}

// readHardware reads a report of hwtest: 1 for a step that passed, 0 for one that failed, and the figures of both.
func readHardware(text []byte) ([]facts.Figure, error) {
	var report hwtest.Record
	if err := json.Unmarshal(text, &report); err != nil {
		return nil, err
	}
	where, version := facts.Board, ""
	if report.Options.Emulated {
		where = facts.EmulatedBoard
	}
	var list []facts.Figure
	for _, r := range report.Results {
		if found := regexp.MustCompile(`version (\S+),`).FindStringSubmatch(r.Reason); r.Step == "19-health" && found != nil {
			version = found[1]
		}
		name := "hwtest/" + r.Step
		switch r.Outcome {
		case hwtest.Pass:
			list = append(list, facts.Figure{Name: name, Value: 1})
		case hwtest.Fail:
			list = append(list, facts.Figure{Name: name, Value: 0})
		default:
			continue
		}
		for _, f := range r.Figures {
			if text, err := json.Marshal(f.Value); err == nil && string(text) != "null" {
				list = append(list, facts.Figure{Name: name + "/" + f.Name, Value: float64(f.Value), Unit: f.Unit})
			}
		}
	}
	for i := range list {
		list[i].Date, list[i].Where, list[i].Version = report.Began, where, version
	}
	return list, nil
}

// readRisks counts the risks of agent/doc/risks.md that a rule watches: of those that the design records name, and of all, those that are
// accepted included. The parts whose risks have a rule begin with "Of the"; what the threat model names is said with its kind and a colon.
func readRisks(text string) []facts.Figure {
	var watched, all, watchedOfRecords, records float64
	part := ""
	for line := range strings.Lines(text) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			part = title
		}
		cells := strings.Split(line, "|")
		if part == "" || !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| risk ") || len(cells) < 3 {
			continue
		}
		rule := 0.0
		if strings.HasPrefix(part, "Of the ") {
			rule = 1
		}
		all, watched = all+1, watched+rule
		if !strings.Contains(cells[2], ": ") {
			records, watchedOfRecords = records+1, watchedOfRecords+rule
		}
	}
	list := []facts.Figure{{Name: risksWatched, Value: 100 * watched / max(all, 1)}, {Name: recordsWatched, Value: 100 * watchedOfRecords / max(records, 1)}}
	for i := range list {
		list[i].Unit, list[i].Command, list[i].Where = "%", "go test -run TestRisksAreWatched ./scripts/monitoring", facts.Computer
	}
	return list
}

// optional are the packages of the optional parts and of what switches them.
func optional() []string {
	return []string{"agent/conn", "agent/page", "agent/guard", "agent/feature", "agent/pressure", "agent/budget"}
}

// manyPackages are as many as only a run of all of them prints.
const manyPackages = 25

// readCover reads what "go test -cover" prints: for each package its coverage and how long its tests took, how long those of the optional parts
// took together, and of a run of all packages how many failed.
func readCover(text string) []facts.Figure {
	var list []facts.Figure
	took, timed := 0.0, 0
	line := regexp.MustCompile(`(?m)^ok\s+calendarbot/(\S+)\s+(?:([\d.]+)s|\(cached\))\s+coverage: ([\d.]+)% of statements`)
	for _, found := range line.FindAllStringSubmatch(text, -1) {
		for i, unit := range []string{2: "s", 3: "%"} {
			if value, err := strconv.ParseFloat(found[i], 64); unit != "" && err == nil {
				name := map[string]string{"s": "cover/seconds of ", "%": "cover/"}[unit] + found[1]
				list = append(list, facts.Figure{Name: name, Value: value, Unit: unit})
				if unit == "s" && slices.Contains(optional(), found[1]) {
					took, timed = took+value, timed+1
				}
			}
		}
	}
	if timed == len(optional()) {
		list = append(list, facts.Figure{Name: "cover/seconds of the optional parts", Value: took, Unit: "s"})
	}
	if bad := len(regexp.MustCompile(`(?m)^FAIL\s+calendarbot/`).FindAllString(text, -1)); len(line.FindAllString(text, -1))+bad >= manyPackages {
		list = append(list, facts.Figure{Name: "cover/packages that failed", Value: float64(bad)})
	}
	for i := range list {
		list[i].Command, list[i].Where = "make cover", facts.Computer
	}
	return list
}
