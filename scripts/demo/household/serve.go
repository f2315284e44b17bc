package household

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"
)

// Feeds lists the paths that Handler answers, in the order in which people should see them.
func Feeds() []string { return []string{"work.ics", "family.ics", "school.ics", "broken.ics"} }

// Handler serves the household's feeds as they stand at now, with ETag and Last-Modified;
// broken.ics always answers 500.
func Handler(now time.Time) http.Handler {
	mux := http.NewServeMux()
	serve := func(name string, body []byte) {
		tag := fmt.Sprintf(`"%x"`, sha256.Sum256(body))
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
			w.Header().Set("ETag", tag)
			http.ServeContent(w, r, name, now, bytes.NewReader(body))
		})
	}
	serve("work.ics", Work(now))
	serve("family.ics", Family(now))
	serve("school.ics", School(now))
	mux.HandleFunc("GET /broken.ics", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "this calendar is broken on purpose", http.StatusInternalServerError)
	})
	return mux
}
