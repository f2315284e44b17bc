package trace

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestHouseholdIsAHousehold(t *testing.T) {
	list, err := Household()
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	for _, r := range list {
		asked[r.Client+" "+r.Target]++
	}
	for what, least := range map[string]int{
		"kiosk /": 20, "kiosk /stream": 1, "kiosk /api/browser-heartbeat": 20, "phone-1 /agenda": 2, "phone-2 /": 2,
		"home-assistant /api/whats-next": 50, "home-assistant /api/v1/events?days=7": 5, "eink /?theme=eink": 5,
	} {
		if asked[what] < least {
			t.Errorf("%s was asked %d times, want at least %d", what, asked[what], least)
		}
	}
	if length := list[len(list)-1].At; length < 20*time.Minute {
		t.Errorf("it ends after %v", length)
	}
}

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	want := []Request{
		{At: 0, Client: "a", Method: http.MethodGet, Target: "/", Gzip: true},
		{At: 1500 * time.Millisecond, Client: "b", Method: http.MethodPost, Target: "/x?y=1", Revalidates: true},
	}
	got, err := Read(strings.NewReader("# a comment\n\n" + want[0].String() + "\n" + want[1].String() + "\n"))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestReadNamesTheLineThatIsWrong(t *testing.T) {
	for _, line := range []string{"1 a GET / gzip", "x a GET / - -", "-1 a GET / - -", "1 a BREW / - -", "1 a GET http://x/ - -", "1 a GET / zip -", "1 a GET / - maybe", "1 a GET / - -\n0 a GET / - -"} {
		_, err := Read(strings.NewReader("# header\n" + line + "\n"))
		if err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestNamesOfFilesOutliveTheFiles(t *testing.T) {
	general := General("/assets/page.0123456789ab.css")
	if general != "/assets/page.HASH.css" || General("/agenda") != "/agenda" {
		t.Errorf("general: %q", general)
	}
	page := []byte(`<link href="/assets/icon.aaaaaaaaaaaa.svg"><link href="/assets/page.bbbbbbbbbbbb.css">`)
	if got := Actual(general, page); got != "/assets/page.bbbbbbbbbbbb.css" {
		t.Errorf("actual: %q", got)
	}
	if got := Actual(general, nil); got != general {
		t.Errorf("without a page: %q", got)
	}
}

func TestBusiestBeginsAtAFullMinute(t *testing.T) {
	var list []Request
	for _, at := range []time.Duration{10, 70, 130, 135, 140, 200} {
		list = append(list, Request{At: at * time.Second})
	}
	got := Busiest(list, time.Minute)
	if len(got) != 3 || got[0].At != 10*time.Second || got[2].At != 20*time.Second || list[2].At != 130*time.Second {
		t.Errorf("%v of %v", got, list)
	}
	if got := Busiest(nil, time.Minute); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}
