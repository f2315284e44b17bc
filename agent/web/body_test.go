package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"calendarbot/agent/config"
)

// Whatever is sent as a source, it becomes one that config judges, or a refusal in a sentence.
func FuzzSourceBody(f *testing.F) {
	for _, body := range []string{
		`{"name":"a","url":"https://a.example/x","headers":{"X-A":"b"},"refresh":"15m","lan":true,"color":"#112233"}`, `{"url":null}`, `{"refresh":"-9223372036854775808ns"}`,
		`{"headers":{"":"\u0000"}}`, `{"url":"http://[::1"}`, `[`, ``, `{"name":"\ud800"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in sourceInput
		err := decodeStrictly(body, &in)
		if err == nil {
			var src config.Source
			if src, err = in.apply(configSource("https://a.example/x", "ann", "")); err == nil {
				if _, err := config.Complete(src, nil); err != nil && err.Error() == "" {
					t.Error("refused without a word")
				}
				return
			}
		}
		checkRefusal(t, err)
	})
}

// A slip of the pen is named, and what there is; in our words, not those of the library.
func TestUnknownMember(t *testing.T) {
	type hidden struct {
		ID     string `json:"id"`
		Series bool   `json:"series"`
	}
	for body, want := range map[string]string{
		`{"nope":1}`:                                      `The member "nope" does not exist here; there are: id, series.`,
		`{"ID":"a","x":{"y":[]},"serie":1}`:               `The member "serie" does not exist here; there are: id, series.`,
		`{"id":"a","":1}`:                                 `The member "" does not exist here; there are: id, series.`,
		`{"id":"a","a\u0000\"b":1}`:                       `The member "a\x00\"b" does not exist here; there are: id, series.`,
		`{"` + strings.Repeat("x", 900) + `":1} trailing`: `The member "` + strings.Repeat("x", 40) + `…" does not exist here; there are: id, series.`,
		`{"id":"a",}`:                                     "The body is not JSON; what is wrong begins near byte 11.",
	} {
		err := decodeStrictly([]byte(body), &hidden{})
		if err == nil || err.Error() != want {
			t.Errorf("%.60s:\n got %v\nwant %s", body, err, want)
		}
		checkRefusal(t, err)
	}
	if err := decodeStrictly([]byte(`{"color":"#112233","colour":"red"}`), &sourceInput{}); err == nil ||
		err.Error() != `The member "colour" does not exist here; there are: id, name, url, color, username, password, bearer, headers, lan, refresh, disabled.` {
		t.Errorf("%v", err)
	}
}

func FuzzMeetingID(f *testing.F) {
	f.Add([]byte(`{"meeting_id":"a_20260101T000000_00000000"}`))
	f.Add([]byte(`{"meeting_id":["a"]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		id, err := meetingID(body)
		var refused *refusal
		if err == nil && !validID(id) || err != nil && !errors.As(err, &refused) {
			t.Errorf("%q, %v", id, err)
		}
	})
}

func checkRefusal(t *testing.T, err error) {
	t.Helper()
	var p *problem
	if !errors.As(err, &p) || p.Status != http.StatusBadRequest || p.Code == "" || !strings.HasSuffix(p.Detail, ".") || len(p.Detail) > 500 {
		t.Errorf("%T %v", err, err)
	}
}
