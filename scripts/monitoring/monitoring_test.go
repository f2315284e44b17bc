package monitoring

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// promtool runs Prometheus's own checker, from PATH or from where scripts/setup puts it.
func promtool(t *testing.T, stdin string, args ...string) {
	t.Helper()
	program, err := exec.LookPath("promtool")
	if err != nil {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		program = filepath.Join(home, ".cache/calendarbot/bin/promtool")
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v (scripts/setup test brings it)\n%s", strings.Join(args, " "), err, out)
	}
}

func TestRulesAreSound(t *testing.T) {
	promtool(t, "", append([]string{"check", "rules", "--lint-fatal"}, ruleFiles(t)...)...)
}

// TestRulesFireWhenTheyShould runs alerts_test.yaml: each rule at its threshold and above it.
func TestRulesFireWhenTheyShould(t *testing.T) { promtool(t, "", "test", "rules", "alerts_test.yaml") }

// TestMetricsFollowTheConventions asks promtool about names, units, help and format of the live answer.
func TestMetricsFollowTheConventions(t *testing.T) {
	text := live(t)
	promtool(t, text, "check", "metrics")
	for _, line := range strings.Split(text, "\n") {
		if kind, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, _, _ := strings.Cut(kind, " ")
			if !strings.Contains(text, "# HELP "+name+" ") {
				t.Errorf("%s has no help", name)
			}
		}
	}
}

// read returns a file of this folder.
func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// ruleFiles are the files of the rules, a noun each.
func ruleFiles(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("alerts/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no rules: %v", err)
	}
	return names
}

// ruleText is the text of all of them.
func ruleText(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, name := range ruleFiles(t) {
		all.WriteString(read(t, name) + "\n\n")
	}
	return all.String()
}

// expressions returns what the dashboard asks Prometheus for.
func expressions(t *testing.T) []string {
	t.Helper()
	var dashboard any
	if err := json.Unmarshal([]byte(read(t, "dashboard.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	var list []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for key, e := range v {
				if text, ok := e.(string); ok && (key == "expr" || key == "definition") {
					list = append(list, text)
				}
				walk(e)
			}
		}
	}
	walk(dashboard)
	if len(list) < 50 {
		t.Fatalf("only %d expressions in the dashboard", len(list))
	}
	return list
}

// series reads the live answer: name -> label -> values. A metric without labels has an empty map.
func series(t *testing.T) map[string]map[string][]string {
	t.Helper()
	all := map[string]map[string][]string{}
	for _, line := range strings.Split(live(t), "\n") {
		m := regexp.MustCompile(`^([a-z_0-9]+)(?:\{(.*)\})? \S+$`).FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if all[m[1]] == nil {
			all[m[1]] = map[string][]string{}
		}
		for _, l := range regexp.MustCompile(`([a-z_]+)="([^"]*)"`).FindAllStringSubmatch(m[2], -1) {
			all[m[1]][l[1]] = append(all[m[1]][l[1]], l[2])
		}
	}
	return all
}

// seldom is what is told only after hours: how fast the release was, what a trend will bring, and signs that are judged by either.
// agent/web's tests hold that these are told when they are known.
func seldom(told map[string]map[string][]string) {
	told["calendarbot_baseline_seconds"] = map[string][]string{"line": {"1.4"}, "figure": {"mean", "tail"}}
	told["calendarbot_problem_predicted_seconds"] = map[string][]string{"code": {"disk_soon"}}
	told["calendarbot_sign_value"]["sign"] = told["calendarbot_sign_limit"]["sign"]
}

// TestEveryFigureThatIsAskedForIsTold: names, labels and fixed values of labels in the rules and the dashboard are those of
// the live answer.
func TestEveryFigureThatIsAskedForIsTold(t *testing.T) {
	told := series(t)
	seldom(told)
	texts := append(expressions(t), ruleText(t))
	asked := map[string]bool{}
	selector := regexp.MustCompile(`\b((?:calendarbot|process|go)_[a-z0-9_]+)(?:\{([^}]*)\})?`)
	for _, text := range texts {
		for _, m := range selector.FindAllStringSubmatch(text, -1) {
			labels, there := told[m[1]]
			if _, histogram := told[m[1]+"_bucket"]; !there && !histogram {
				t.Errorf("%s is not told: %.200s", m[1], text)
				continue
			}
			asked[m[1]] = true
			for _, l := range regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)"([^"]*)"`).FindAllStringSubmatch(m[2], -1) {
				if l[1] == "job" || l[1] == "instance" {
					continue
				}
				values := strings.Split(l[3], "|")
				for _, value := range values {
					if !slices.Contains(labels[l[1]], value) {
						t.Errorf("%s has no %s=%q: %.200s", m[1], l[1], value, text)
					}
				}
			}
		}
	}
	for name := range told {
		if strings.HasPrefix(name, "calendarbot_") && !asked[name] && name != "calendarbot_feature_percent" {
			t.Errorf("nobody looks at %s: show it or leave it out", name)
		}
	}
}

// split returns the text of each rule, its comment in front.
func split(t *testing.T) map[string]string {
	t.Helper()
	rules := map[string]string{}
	for _, part := range strings.Split(ruleText(t), "\n\n") {
		if _, name, ok := strings.Cut(part, "- alert: "); ok {
			name, _, _ = strings.Cut(name, "\n")
			rules[name] = part
		}
	}
	if len(rules) < 20 {
		t.Fatalf("only %d rules found", len(rules))
	}
	return rules
}

// TestDashboardSpeaksPromQL has promtool read each expression, as a rule that records it.
func TestDashboardSpeaksPromQL(t *testing.T) {
	rules := &strings.Builder{}
	rules.WriteString("groups:\n  - name: dashboard\n    rules:\n")
	for i, expr := range expressions(t) {
		if strings.HasPrefix(expr, "label_values(") {
			continue
		}
		text, err := json.Marshal(strings.ReplaceAll(expr, "$__rate_interval", "5m"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(rules, "      - {record: \"panel:%d\", expr: %s}\n", i, text)
	}
	file := filepath.Join(t.TempDir(), "dashboard.yaml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "", "check", "rules", "--lint=none", file)
}

// TestEveryRuleSaysWhatToDo: risk, severity, what it means, what to do.
func TestEveryRuleSaysWhatToDo(t *testing.T) {
	first, _, _ := strings.Cut(read(t, "alerts/device.yaml"), "\n    rules:\n")
	if !strings.Contains(first, "job_name: calendarbot") {
		t.Error("the file does not say which job it expects")
	}
	for name, rule := range split(t) {
		for _, part := range []string{"# Risk: ", "summary: \"", "description: \"", "todo: \""} {
			if !strings.Contains(rule, part) {
				t.Errorf("%s has no %s", name, part)
			}
		}
		if !regexp.MustCompile(`severity: (warning|critical)\}`).MatchString(rule) {
			t.Errorf("%s is neither a warning nor critical", name)
		}
	}
}

// TestEveryRuleIsTested: there is a moment at which it fires.
func TestEveryRuleIsTested(t *testing.T) {
	tests := read(t, "alerts_test.yaml")
	for name := range split(t) {
		if !strings.Contains(tests, `alertname="`+name+`"`) {
			t.Errorf("alerts_test.yaml does not see %s fire", name)
		}
	}
}

// TestThresholds are those that people were promised.
func TestThresholds(t *testing.T) {
	rules := split(t)
	for name, want := range map[string]string{
		"CalendarBotMemory":        `> 400e6 .*severity: critical`,
		"CalendarBotSlow":          `0\.99, .* > 1\n.*severity: warning`,
		"CalendarBotCPU":           `> 0\.8 .*for: 1m\n.*severity: critical`,
		"CalendarBotErrors":        `\[5m\].* > 0\.05\n.*severity: warning`,
		"CalendarBotPoolExhausted": `> 0\.95\n.*severity: critical`,
		"CalendarBotCacheFull":     `> 0\.9\n.*severity: warning`,

		"CalendarBotUnitMemory":       `"unit_memory"} >= 95\n.*severity: critical`,
		"CalendarBotUnitMemoryHigh":   `"unit_memory"} >= 85\n.*severity: warning`,
		"CalendarBotDeviceMemory":     `clamp_min\(0\.78 .*, 400e6\)\n.*severity: critical`,
		"CalendarBotMemoryStalls":     `>= 0\.3\n.*severity: critical`,
		"CalendarBotMemoryStallsHigh": `>= 0\.1\n.*severity: warning`,
		"CalendarBotKilled":           `"oom_kill"}\[1h\]\) > 0\n.*severity: critical`,
		"CalendarBotDeviceCPU":        `> 0\.8\n.*for: 1m\n.*severity: critical`,
		"CalendarBotTooHot":           `>= 80 or calendarbot_device_throttled == 1\n.*severity: critical`,
		"CalendarBotHot":              `>= 75\n.*severity: warning`,
		"CalendarBotPoolFails":        `"pool_failures"} >= 5\n.*severity: warning`,
		"CalendarBotPoolMemory":       `"pool_memory"} > 120\n.*severity: warning`,
		"CalendarBotCacheFails":       `> 0\.1\n.* >= 20\n.*severity: warning`,
		"CalendarBotSlower":           `"latency_growth"} > 2\n.*severity: warning`,
		"CalendarBotRegression":       `"regression"} > 1\.1\n.*severity: warning`,
		"CalendarBotPredicted":        `< 86400\n.*severity: warning`,
		"CalendarBotLoopLate":         `calendarbot_loops_late.* > 0\n.*severity: critical`,
		"CalendarBotClock":            `calendarbot_clock_trusted == 0\n.*severity: warning`,
		"CalendarBotRollback":         `calendarbot_rollback_asked == 1\n.*severity: critical`,

		"CalendarBotWentBack":    `calendarbot_slot_went_back == 1\n.*severity: warning`,
		"CalendarBotTrialLong":   `calendarbot_slot_trial_seconds > 90000\n.*severity: warning`,
		"CalendarBotUnchecked":   `calendarbot_update_check_age_seconds > 1209600\n.*severity: warning`,
		"CalendarBotUpdateWaits": `calendarbot_update_available_age_seconds > 1209600\n.*severity: warning`,
	} {
		if !regexp.MustCompile(`(?s)` + want).MatchString(rules[name]) {
			t.Errorf("%s is not %s", name, want)
		}
	}
}

// TestEverySignHasARule: whatever the device does something about by itself, somebody is told of when it lasts.
func TestEverySignHasARule(t *testing.T) {
	rules := split(t)
	alerts := map[string][]string{
		"unit_memory": {"CalendarBotUnitMemory", "CalendarBotUnitMemoryHigh"}, "device_memory": {"CalendarBotDeviceMemory"},
		"memory_stall": {"CalendarBotMemoryStalls", "CalendarBotMemoryStallsHigh"}, "cpu": {"CalendarBotDeviceCPU"},
		"temperature": {"CalendarBotTooHot", "CalendarBotHot"}, "pool_use": {"CalendarBotPoolExhausted"}, "pool_failures": {"CalendarBotPoolFails"},
		"cache_failures": {"CalendarBotCacheFails"}, "cache_memory": {"CalendarBotCacheFull"}, "latency": {"CalendarBotSlow"},
		"latency_growth": {"CalendarBotSlower"}, "regression": {"CalendarBotRegression"}, "pool_memory": {"CalendarBotPoolMemory"}, "errors": {"CalendarBotErrors"},
	}
	signs := slices.Clone(series(t)["calendarbot_sign_limit"]["sign"])
	slices.Sort(signs)
	if known := slices.Sorted(maps.Keys(alerts)); !slices.Equal(signs, known) {
		t.Errorf("the device has the signs %q, there are rules for %q", signs, known)
	}
	for sign, names := range alerts {
		for _, name := range names {
			if rules[name] == "" {
				t.Errorf("%s has no rule %s", sign, name)
			}
		}
	}
}

// TestDashboardCanBeImported: it brings no data source of one installation, its panels have their own places and ids, and each
// says what it shows.
func TestDashboardCanBeImported(t *testing.T) {
	type box struct{ H, W, X, Y int }
	var d struct {
		ID         *int
		UID        string
		Title      string
		Templating struct {
			List []struct{ Name, Type, Query any }
		}
		Panels []struct {
			ID                       int
			Type, Title, Description string
			Datasource               map[string]string
			GridPos                  box
			Targets                  []struct{ Expr, RefID string }
		}
	}
	text := read(t, "dashboard.json")
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	variables := map[any]any{}
	for _, v := range d.Templating.List {
		variables[v.Name] = v.Type
	}
	if d.ID != nil || d.UID == "" || d.Title == "" || !maps.Equal(variables, map[any]any{"datasource": "datasource", "job": "query", "instance": "query"}) {
		t.Errorf("id %v, uid %q, title %q, variables %v", d.ID, d.UID, d.Title, variables)
	}
	for _, m := range regexp.MustCompile(`"uid": "([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if m[1] != "${datasource}" && m[1] != d.UID {
			t.Errorf("a data source of one installation: %s", m[1])
		}
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("%s: the id %d is taken", p.Title, p.ID)
		}
		ids[p.ID] = true
		if p.Type != "row" && (p.Description == "" || len(p.Targets) == 0 || p.Datasource["uid"] != "${datasource}") {
			t.Errorf("%s is not whole", p.Title)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other, there := taken[[2]int{x, y}]; there || x >= 24 {
					t.Fatalf("%s overlaps %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}
