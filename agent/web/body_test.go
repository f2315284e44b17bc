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
