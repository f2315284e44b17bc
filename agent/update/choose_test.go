package update

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
)

const (
	sumA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	sumB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// whole is an offer of a program as it is published, changed as a test needs it.
func whole(version string, change ...func(*Offer)) Offer {
	o := Offer{Name: "agent/calendarbot-" + version + "-arm64.zst", Length: 1000, SHA256: sumA,
		Custom: Custom{Kind: slot.Agent, Version: version, Channel: "stable", Percent: 100, Content: Content{SHA256: sumB, Size: 5000}}}
	for _, f := range change {
		f(&o)
	}
	return o
}

func system(o *Offer) {
	o.Kind, o.Name, o.Content = slot.System, "system/calendarbot-"+o.Version+"-pizero2w.raucb", Content{}
}

func patchOf(old string) func(*Offer) {
	return func(o *Offer) {
		o.Name, o.Length, o.From = "agent/calendarbot-"+o.Version+"-arm64.from-"+old[:12]+".zst", 100, From{SHA256: old, Version: "1.0.0"}
	}
}

// night is in the window 02:00-05:00, noon is not.
func night() time.Time { return time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC) }

func device(change ...func(*Facts)) Facts {
	f := Facts{
		Now: night(), Device: "0123456789abcdef", Channel: "stable", Automatic: AutomaticAll, Window: Window{120, 300},
		Running: map[slot.Kind]string{slot.Agent: "1.0.0", slot.System: "1.0.0"}, Baked: "0.8.0", Digest: sumA,
	}
	for _, c := range change {
		c(&f)
	}
	return f
}

func TestChoose(t *testing.T) {
	noon := func(f *Facts) { f.Now = night().Add(9 * time.Hour) }
	asked := func(kind slot.Kind, version string) func(*Facts) {
		return func(f *Facts) { f.Asked = Asked{Now: true, Kind: kind, Version: version} }
	}
	withdraw := func(version string) func(*Facts) {
		return func(f *Facts) {
			f.Withdrawn = []Withdrawal{{Kind: slot.Agent, Version: version, Why: "it lost reminders"}}
		}
	}
	withdrawnSystem := func(f *Facts) {
		f.Withdrawn = []Withdrawal{{Kind: slot.System, Version: "1.0.0", Why: "it forgets the time"}}
	}
	none := func(o *Offer) { o.Percent = 0 }
	beta := func(version string) Offer { return whole(version, func(o *Offer) { o.Channel = "beta" }) }
	for name, c := range map[string]struct {
		offers  []Offer
		facts   Facts
		install string   // kind and version
		patch   bool     // of it
		why     []string // parts of the sentences, by the order in the list; "" for none
		waiting string   // a part
		back    string
	}{
		"nothing":          {facts: device()},
		"a newer one":      {offers: []Offer{whole("1.1.0")}, facts: device(), install: "agent 1.1.0", why: []string{""}},
		"the same":         {offers: []Offer{whole("1.0.0")}, facts: device()},
		"an older one":     {offers: []Offer{whole("0.9.0")}, facts: device()},
		"before a release": {offers: []Offer{whole("1.0.0-dev.1.gabc")}, facts: device()},
		"the newest of several": {offers: []Offer{whole("1.1.0"), whole("1.10.0"), whole("1.9.0")}, facts: device(), install: "agent 1.10.0",
			why: []string{"", "A newer version is there", "A newer version is there"}},
		"by a patch": {offers: []Offer{whole("1.1.0"), whole("1.1.0", patchOf(sumB)), whole("1.1.0", patchOf(sumA))}, facts: device(),
			install: "agent 1.1.0", patch: true, why: []string{""}},
		"no patch from here": {offers: []Offer{whole("1.1.0"), whole("1.1.0", patchOf(sumB))}, facts: device(), install: "agent 1.1.0", why: []string{""}},
		"a patch of another content": {offers: []Offer{whole("1.1.0"), whole("1.1.0", patchOf(sumA), func(o *Offer) { o.Content.Size++ })}, facts: device(),
			install: "agent 1.1.0", why: []string{""}},
		"a patch longer than the whole": {offers: []Offer{whole("1.1.0"), whole("1.1.0", patchOf(sumA), func(o *Offer) { o.Length = 1000 })}, facts: device(),
			install: "agent 1.1.0", why: []string{""}},
		"the program before the system": {offers: []Offer{whole("1.1.0", system), whole("1.1.0")}, facts: device(), install: "agent 1.1.0",
			why: []string{"", "One after the other: version 1.1.0 of the program comes first"}},
		"the system":                            {offers: []Offer{whole("1.1.0", system)}, facts: device(), install: "system 1.1.0", why: []string{""}},
		"no system here":                        {offers: []Offer{whole("1.1.0", system)}, facts: device(func(f *Facts) { delete(f.Running, slot.System) })},
		"another channel":                       {offers: []Offer{whole("1.1.0", func(o *Offer) { o.Channel = "beta" })}, facts: device()},
		"another channel, the newest asked for": {offers: []Offer{beta("1.1.0"), beta("1.2.0")}, facts: device(asked("", "")), waiting: "What is there is of the channel beta, and this device takes stable (update.channel)."},
		"another channel, nothing newer":        {offers: []Offer{beta("0.9.0")}, facts: device(asked("", ""))},
		"another channel beside its own":        {offers: []Offer{beta("1.1.0"), whole("1.0.0")}, facts: device(asked("", ""))},
		"another channel, asked for":            {offers: []Offer{whole("1.1.0", func(o *Offer) { o.Channel = "beta" })}, facts: device(asked("", "1.1.0")), install: "agent 1.1.0", why: []string{""}},
		"for none of the devices":               {offers: []Offer{whole("1.1.0", none)}, facts: device(), why: []string{"rolled out to 0 %"}, waiting: "Version 1.1.0 of the program waits. It is rolled out"},
		"an older one for all of them":          {offers: []Offer{whole("1.2.0", none), whole("1.1.0")}, facts: device(), install: "agent 1.1.0", why: []string{"rolled out to 0 %", ""}},
		"not yet, asked for":                    {offers: []Offer{whole("1.1.0", none)}, facts: device(noon, asked("", "")), install: "agent 1.1.0", why: []string{""}},
		"by day":                                {offers: []Offer{whole("1.1.0")}, facts: device(noon), why: []string{"in the hours 02:00-05:00 (update.window), next on Mon 23 Nov at 02:00"}, waiting: "Version 1.1.0 of the program waits. It is installed in the hours"},
		"nothing by itself":                     {offers: []Offer{whole("1.1.0")}, facts: device(func(f *Facts) { f.Automatic = AutomaticOff }), why: []string{"only when somebody asks for it"}, waiting: "update.automatic"},
		"no system by itself":                   {offers: []Offer{whole("1.1.0", system)}, facts: device(func(f *Facts) { f.Automatic = AutomaticAgent }), why: []string{"The system is updated only when"}, waiting: "update.automatic"},
		"the program by itself":                 {offers: []Offer{whole("1.1.0")}, facts: device(func(f *Facts) { f.Automatic = AutomaticAgent }), install: "agent 1.1.0", why: []string{""}},
		"what went back":                        {offers: []Offer{whole("1.1.0")}, facts: device(denied), why: []string{"It is not taken any more since 20 November: no page came."}},
		"what went back, asked for":             {offers: []Offer{whole("1.1.0")}, facts: device(denied, asked("", "")), why: []string{"not taken any more"}, waiting: "is not installed. It is not taken any more"},
		"past what went back":                   {offers: []Offer{whole("1.2.0"), whole("1.1.0")}, facts: device(denied), install: "agent 1.2.0", why: []string{"", "not taken any more"}},
		"needs a newer system":                  {offers: []Offer{whole("1.1.0", func(o *Offer) { o.MinSystem = "1.0.1" })}, facts: device(), why: []string{"It needs version 1.0.1 of the system first."}},
		"needs a newer program":                 {offers: []Offer{whole("2.0.0", system, func(o *Offer) { o.MinAgent = "1.5.0" })}, facts: device(), why: []string{"It needs version 1.5.0 of the program first."}},
		"needs what there is":                   {offers: []Offer{whole("1.1.0", func(o *Offer) { o.MinSystem, o.MinAgent = "1.0.0", "0.9.0" })}, facts: device(), install: "agent 1.1.0", why: []string{""}},
		"cannot read the configuration":         {offers: []Offer{whole("1.1.0", func(o *Offer) { o.ConfigFormats = []int{0, 1} })}, facts: device(func(f *Facts) { f.Formats = []int{2} }), why: []string{"It cannot read the configuration of this device (format 2)."}},
		"can read the configuration":            {offers: []Offer{whole("1.1.0", func(o *Offer) { o.ConfigFormats = []int{1, 2} })}, facts: device(func(f *Facts) { f.Formats = []int{2} }), install: "agent 1.1.0", why: []string{""}},
		"during a trial":                        {offers: []Offer{whole("1.1.0")}, facts: device(func(f *Facts) { f.Trial = "a configuration" }), why: []string{"A configuration is on trial; one at a time."}, waiting: "one at a time"},
		"during a trial, asked for":             {offers: []Offer{whole("1.2.0")}, facts: device(onTrial(slot.Agent, "1.1.0"), asked("", "")), why: []string{"one at a time"}, waiting: "Version 1.2.0 of the program waits. Version 1.1.0 of the program is on trial; one at a time."},
		"what is on trial":                      {offers: []Offer{whole("1.1.0", system)}, facts: device(onTrial(slot.System, "1.1.0")), why: []string{"It is on trial already."}, waiting: "It is on trial already."},
		"what is on trial, asked for":           {offers: []Offer{whole("1.1.0", system)}, facts: device(onTrial(slot.System, "1.1.0"), asked("", "1.1.0")), why: []string{"It is on trial already."}, waiting: "Version 1.1.0 of the system is on trial already."},
		"what runs on trial, asked for":         {offers: []Offer{whole("1.0.0")}, facts: device(onTrial(slot.Agent, "1.0.0"), asked("", "1.0.0")), waiting: "Version 1.0.0 of the program is on trial already."},
		"withdrawn":                             {offers: []Offer{whole("1.1.0")}, facts: device(withdraw("1.1.0")), why: []string{"It was withdrawn: it lost reminders."}},
		"what runs is withdrawn":                {facts: device(withdraw("1.0.0")), back: "agent 1.0.0 it lost reminders"},
		"a newer one for what is withdrawn":     {offers: []Offer{whole("1.1.0")}, facts: device(withdraw("1.0.0")), install: "agent 1.1.0", why: []string{""}},
		"an older one for what is withdrawn":    {offers: []Offer{whole("0.9.0")}, facts: device(withdraw("1.0.0")), install: "agent 0.9.0", why: []string{""}},
		"the baked one for what is withdrawn":   {offers: []Offer{whole("0.8.0")}, facts: device(withdraw("1.0.0")), install: "agent 0.8.0", why: []string{""}},
		"one older than the baked":              {offers: []Offer{whole("0.7.9")}, facts: device(withdraw("1.0.0")), back: "agent 1.0.0 it lost reminders"},
		"one older than the baked, asked for": {offers: []Offer{whole("0.7.9")}, facts: device(withdraw("1.0.0"), asked("", "0.7.9")), why: []string{"It is older than what runs (1.0.0)"},
			waiting: "is not installed. It is older", back: "agent 1.0.0 it lost reminders"},
		"no older system for what is withdrawn": {offers: []Offer{whole("0.9.0", system)}, facts: device(withdrawnSystem), back: "system 1.0.0 it forgets the time"},
		"a newer system for what is withdrawn":  {offers: []Offer{whole("1.1.0", system), whole("0.9.0", system)}, facts: device(withdrawnSystem), install: "system 1.1.0", why: []string{""}},
		"by day what runs is withdrawn":         {offers: []Offer{whole("1.1.0")}, facts: device(noon, withdraw("1.0.0")), why: []string{"in the hours"}, waiting: "waits", back: "agent 1.0.0 it lost reminders"},
		"an older one asked for":                {offers: []Offer{whole("0.9.0")}, facts: device(asked("", "0.9.0")), why: []string{"It is older than what runs (1.0.0)"}, waiting: "is not installed. It is older"},
		"another version asked for":             {offers: []Offer{whole("1.2.0"), whole("1.1.0")}, facts: device(asked("", "1.1.0")), install: "agent 1.1.0", why: []string{"Another one was asked for.", ""}},
		"the other kind asked for":              {offers: []Offer{whole("1.1.0"), whole("1.1.0", system)}, facts: device(asked(slot.System, "")), install: "system 1.1.0", why: []string{"Another one was asked for.", ""}},
		"what runs asked for":                   {facts: device(asked("", "1.0.0")), waiting: "runs already."},
		"what nobody has asked for":             {facts: device(asked("", "3.0.0")), waiting: "There is no version 3.0.0 in the repository."},
		"a system that nobody has":              {facts: device(asked(slot.System, "3.0.0")), waiting: "There is no version 3.0.0 of the system in the repository."},
		"a system that is a program":            {offers: []Offer{whole("1.1.0")}, facts: device(asked(slot.System, "1.1.0")), why: []string{"Another one was asked for."}, waiting: "There is no version 1.1.0 of the system in the repository. There is version 1.1.0 of the program."},
		"a system that is the program that runs": {offers: []Offer{whole("1.0.1")}, facts: device(func(f *Facts) { f.Running[slot.Agent] = "1.0.1" }, asked(slot.System, "1.0.1")),
			waiting: "There is no version 1.0.1 of the system in the repository. There is version 1.0.1 of the program."},
		"what was withdrawn, asked for":        {facts: device(withdraw("1.1.0"), asked("", "1.1.0")), waiting: "Version 1.1.0 of the program was withdrawn: it lost reminders."},
		"what was withdrawn of the other kind": {facts: device(withdraw("1.1.0"), asked(slot.System, "1.1.0")), waiting: "There is no version 1.1.0 of the system in the repository."},
	} {
		t.Run(name, func(t *testing.T) {
			got := Choose(c.offers, c.facts)
			install := ""
			if got.Install != nil {
				install = fmt.Sprint(got.Install.Kind, " ", got.Install.Version)
			}
			if install != c.install || (got.Patch != nil) != c.patch {
				t.Errorf("it installs %q with the patch %v", install, got.Patch)
			}
			if len(got.Listed) != len(c.why) {
				t.Fatalf("it lists %+v", got.Listed)
			}
			for i, r := range got.Listed {
				if r.WhyNot != c.why[i] && (c.why[i] == "" || !strings.Contains(r.WhyNot, c.why[i])) {
					t.Errorf("%s %s: %q, want %q", r.Kind, r.Version, r.WhyNot, c.why[i])
				}
			}
			if got.Waiting != c.waiting && (c.waiting == "" || !strings.Contains(got.Waiting, c.waiting)) {
				t.Errorf("it waits as %q, want %q", got.Waiting, c.waiting)
			}
			back := ""
			for _, b := range got.Back {
				back = fmt.Sprint(b.Kind, " ", b.Version, " ", b.Why)
			}
			if back != c.back {
				t.Errorf("it goes back from %q, want %q", back, c.back)
			}
		})
	}
}

// denied is a device on which 1.1.0 was tried, and went back.
func denied(f *Facts) {
	f.Denied = map[slot.Kind][]slot.Denial{slot.Agent: {{Version: "1.1.0", Why: "no page came", At: night().Add(-48 * time.Hour)}}}
}

func onTrial(kind slot.Kind, version string) func(*Facts) {
	return func(f *Facts) { f.Trial = Thing(kind, version) }
}

func TestRollOutOnlyEverAddsDevices(t *testing.T) {
	took := 0
	for n := range 1000 {
		had := false
		for _, percent := range []int{0, 5, 25, 75, 100} {
			f := device(func(f *Facts) { f.Device = fmt.Sprint("device ", n) })
			has := Choose([]Offer{whole("1.1.0", func(o *Offer) { o.Percent = percent })}, f).Install != nil
			if had && !has || percent == 100 && !has || percent == 0 && has {
				t.Fatalf("device %d at %d %%: %v after %v", n, percent, has, had)
			}
			if had = has; has && percent == 25 {
				took++
			}
		}
	}
	if took < 200 || took > 300 {
		t.Errorf("%d of 1000 devices take what 25 %% are to have", took)
	}
}
