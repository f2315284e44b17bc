package page

import (
	"strings"
	"testing"
)

// TestUpdateSaysWhatThereIs draws the page with each of its parts, and with none.
func TestUpdateSaysWhatThereIs(t *testing.T) {
	full := func() *UpdateView {
		return &UpdateView{
			Token: "tok<en", LoggedIn: true, Look: "warning", Headline: "Head<line", Words: "Words & more", Slotted: true,
			Runs: []RunRow{
				{Kind: "agent", Title: "Program", Version: "1.2<3", Detail: "Since <then>", Former: "1.2.2", InUse: "1.2\"3"},
				{Kind: "system", Title: "System", Version: "1.2.2", Trial: "Kept <soon>", Former: "1.2.0", Restarts: true},
			},
			Ended: []EndRow{{"agent", "Went <back>", "It was <slow>", "yesterday"}}, Checked: "Last <look>",
			Releases: []ReleaseRow{
				{Kind: "agent", Version: "1.3.0", Title: "Program", Facts: "1 <MB>", Notes: "<b>new</b>", WhyNot: "It <waits>", Installable: true},
				{Kind: "system", Version: "1.4.0", Title: "System", Installable: true, Restarts: true}, {Kind: "agent", Version: "1.2.9", Title: "Program", Denied: true},
			},
			Config: ConfigView{
				Words: "A <is used>", Candidate: "b", Title: "What <changes>", Changes: []FactRow{{Name: "a.b", Text: "<off> → on"}}, Files: []FactRow{{Name: "/etc/motd", Text: "added"}},
				Conflicts: []FactRow{{Name: "c.d", Text: "<80>"}}, Try: true, Stage: true,
			},
			Levels: []LevelRow{{1, "Off", "Does <this>", "a moment", ""}, {2, "Back", "Does that", "long", ""}, {3, "Other", "Does more", "longer", "There is <none>."}},
		}
	}
	for name, c := range map[string]struct {
		change          func(v *UpdateView)
		has, misses     []string
		confirmed, asks int // buttons that ask once more
	}{
		"all of it": {func(*UpdateView) {}, []string{
			"tok&lt;en", "Head&lt;line", "Words &amp; more", "1.2&lt;3", "Since &lt;then&gt;", "on trial", "Kept &lt;soon&gt;", "Went &lt;back&gt;", "It was &lt;slow&gt;", "Last &lt;look&gt;",
			"1 &lt;MB&gt;", "&lt;b&gt;new", "It &lt;waits&gt;", "Install now, with a restart", `name="version" value="1.2.9"><button aria-label="Let Program 1.2.9 be tried again">`, "A &lt;is used&gt;", "&lt;off&gt;", "&lt;80&gt;", "Make the candidate anew", "Try the candidate…", "There is &lt;none&gt;.", "Log out", "What you set holds",
		}, []string{"http-equiv", "Keep what is on trial", "Nothing newer", `id="sure"`, "<then>", "<b>"}, 0, 4},
		"a program to go back to": {func(v *UpdateView) { v.Sure = "back-agent" }, []string{"The program restarts for that.", `name="version" value="1.2&quot;3"><span>`, "Go back to 1.2.2</button>", `href="/update#runs">Stay`}, nil, 1, 3},
		"a system to go back to":  {func(v *UpdateView) { v.Sure = "back-system" }, []string{"shows nothing until it has started again", "Go back to 1.2.0</button>"}, nil, 1, 3},
		"a candidate to try":      {func(v *UpdateView) { v.Sure = "try" }, []string{"Try it now", "Not now"}, []string{"Try the candidate…"}, 1, 3},
		"a level to go back by":   {func(v *UpdateView) { v.Sure = "level-2" }, []string{"Go back now</button>", `href="/update#levels">Stay`, "It is meant to take long."}, nil, 1, 3},
		"something under way": {func(v *UpdateView) { v.Busy, v.Progress = true, &ProgressView{"Fetching <it>", "1 of <2>", 50} }, []string{
			"http-equiv", `data-busy="1"`, "Fetching &lt;it&gt;", `value="50"`, "1 of &lt;2&gt;",
		}, nil, 0, 4},
		"no way to tell how far": {func(v *UpdateView) { v.Progress = &ProgressView{Words: "Writing", Percent: -1} }, []string{`<progress aria-labelledby="step"></progress>`}, []string{"value=\"-1"}, 0, 4},
		"answers":                {func(v *UpdateView) { v.Done, v.Wrong = "Do<ne", "Wro<ng" }, []string{`role="status">Do&lt;ne`, `role="alert">Wro&lt;ng`}, nil, 0, 4},
		"what is wrong": {func(v *UpdateView) {
			v.Problem, v.Notice, v.Waiting, v.Asked, v.Config.Wrong, v.Upload.Words = "Pro<blem", "Not<ice", "Wait<ing", "Ask<ed", "Conf<ig", "Up<load"
		}, []string{"Pro&lt;blem", "Not&lt;ice", "Wait&lt;ing", "Ask&lt;ed", "Conf&lt;ig", "Up&lt;load", "Take that back", "Remove it"}, nil, 0, 4},
		"a trial of the configuration": {func(v *UpdateView) { v.Config.Try, v.Config.Stage, v.Config.Keep = false, false, true }, []string{"Keep what is on trial"}, []string{"Try the candidate"}, 0, 3},
		"a candidate that is the same": {func(v *UpdateView) { v.Config.Changes, v.Config.Files = nil, nil }, []string{"Nothing would change."}, nil, 0, 4},
		"no candidate, nothing newer":  {func(v *UpdateView) { v.Releases, v.Config = nil, ConfigView{Stage: true} }, []string{"Nothing newer is known.", "Make a candidate"}, []string{"What you set", "<dl>"}, 0, 3},
		"no slots":                     {func(v *UpdateView) { v.Slotted, v.LoggedIn, v.Words = false, false, "" }, []string{"Switch off"}, []string{"Log out", "Newer versions", "From a file", "<small>"}, 0, 3},
	} {
		v := full()
		c.change(v)
		text := string(Update(&Frame{Device: "Kitchen", Theme: "dark", CSS: "/assets/x.css"}, v))
		for _, want := range c.has {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
		for _, not := range c.misses {
			if strings.Contains(text, not) {
				t.Errorf("%s: there is %q in\n%s", name, not, text)
			}
		}
		if got := strings.Count(text, `id="sure"`); got != c.confirmed {
			t.Errorf("%s: %d are confirmed, not %d", name, got, c.confirmed)
		}
		if got := strings.Count(text, `href="/update?sure=`); got != c.asks {
			t.Errorf("%s: %d ask once more, not %d", name, got, c.asks)
		}
	}
}
