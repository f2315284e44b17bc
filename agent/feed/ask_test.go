package feed

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// press asks for a refresh every second.
func (d *diary) press(id string, times int) {
	for range times {
		d.Refresh(id)
		d.after(time.Second, "")
	}
}

func TestPersonCannotOverruleAServerThatWantsToBeLeftAlone(t *testing.T) {
	for name, c := range map[string]struct {
		answer answer
		status int
		free   time.Duration // when a person's word counts again; 0: not before the pause is over
	}{
		"429 with Retry-After":    {answer{asks: asks{after: time.Hour}}, 429, time.Hour},
		"503 with Retry-After":    {answer{asks: asks{after: 10 * time.Minute}}, 503, 10 * time.Minute},
		"a short Retry-After":     {answer{asks: asks{after: 12 * time.Second}}, 503, 12 * time.Second},
		"429 without Retry-After": {answer{}, 429, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := keepDiary(t, at("a", "https://a.example/1.ics"))
				d.after(time.Minute, "a")
				d.answering(func(string) (answer, error) { return c.answer, &statusError{c.status} })
				d.Refresh("")
				d.after(time.Second, "")
				d.press("", 20)
				d.press("a", 2)
				got := d.after(0, "a")
				if c.free == 0 {
					if len(got) != 2 {
						t.Errorf("asked at %v", got)
					}
					return
				}
				// The last word is heard once the server allows it.
				got = d.after(c.free, "a")
				if len(got) < 3 || got[1] != time.Minute || got[2] != time.Minute+c.free {
					t.Errorf("asked at %v, want again after %v", got, c.free)
				}
			})
		})
	}
}

func TestPersonAsksAFailingServerSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := keepDiary(t, at("a", "https://a.example/1.ics"))
		d.after(0, "a")
		d.answering(func(string) (answer, error) { return answer{}, &statusError{500} })
		d.press("", 99)
		const s = time.Second
		if got, want := d.after(0, "a"), []time.Duration{0, 5 * s, 10 * s, 20 * s, 40 * s, 70 * s}; !slices.Equal(got, want) {
			t.Errorf("asked at %v, want %v", got, want)
		}
	})
}

func TestCrowdedHostHasItsPeaceInTheFirstRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		off := at("off", "https://few.example/5.ics")
		off.Disabled = true
		d := keepDiary(t,
			at("few1", "https://few.example/1.ics"), at("few2", "https://few.example/2.ics"), at("few3", "https://few.example/3.ics"),
			at("few4", "https://few.example/4.ics"), off,
			at("many1", "https://many.example/1.ics"), at("many2", "https://many.example/2.ics"), at("many3", "https://many.example/3.ics"),
			at("many4", "https://many.example/4.ics"), at("many5", "https://many.example/5.ics"))
		d.after(time.Minute, "")
		for id, want := range map[string]time.Duration{"few4": 0, "many1": 0, "many2": hostGap, "many5": 4 * hostGap} {
			if got := d.after(0, id); !slices.Equal(got, []time.Duration{want}) {
				t.Errorf("%s is asked at %v, want %v", id, got, want)
			}
		}
	})
}
