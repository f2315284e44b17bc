package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// contract is the description of the interface, read once.
func contract(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

var loadContract = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPIFile)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background())
})

// templated is a path as the description writes it: /a/:b is /a/{b}.
func templated(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

// operation finds what the description says of a request; nil when it knows no such path or method.
func operation(doc *openapi3.T, r *http.Request) *routers.Route {
	asked := strings.Split(r.URL.Path, "/")
	var best *routers.Route
	for path, item := range doc.Paths.Map() {
		op := item.GetOperation(r.Method)
		if op == nil || !matchesPath(strings.Split(path, "/"), asked) {
			continue
		}
		if best == nil || !strings.Contains(path, "{") {
			best = &routers.Route{Spec: doc, Path: path, PathItem: item, Method: r.Method, Operation: op}
		}
	}
	return best
}

func matchesPath(template, asked []string) bool {
	if len(template) != len(asked) {
		return false
	}
	for i := range template {
		if template[i] != asked[i] && !strings.HasPrefix(template[i], "{") {
			return false
		}
	}
	return true
}

// checkAnswer compares an answer with the description. It is part of every request of every test here, so what is
// checked are good and bad answers of all kinds.
func checkAnswer(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	doc := contract(t)
	route := operation(doc, r)
	switch a.StatusCode {
	case http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusMethodNotAllowed, http.StatusMisdirectedRequest, http.StatusRequestEntityTooLarge,
		http.StatusRequestHeaderFieldsTooLarge, http.StatusInternalServerError:
		// These can be the answer to anything, where nothing else is said.
		if route == nil || route.Operation.Responses.Status(a.StatusCode) == nil {
			checkProblem(t, doc, r, a)
			return
		}
	}
	if route == nil {
		if a.StatusCode == http.StatusNotFound && r.Method != http.MethodHead {
			checkProblem(t, doc, r, a)
		}
		return
	}
	err := openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: route},
		Status:                 a.StatusCode, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.body)),
		// A status that the description does not name is an error.
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.EnableFormatValidation()}},
	})
	if err != nil {
		t.Errorf("%s %s answers %d, which is not as described: %v\n%.2000s", r.Method, r.URL, a.StatusCode, err, a.body)
	}
}

// checkRequest compares a request that was taken with the description: what is taken must be described.
func checkRequest(t testing.TB, r *http.Request, body string) {
	t.Helper()
	route := operation(contract(t), r)
	if route == nil || (body != "" && r.Header.Get("Content-Type") == "") {
		return // the drop-in routes do not ask for the type
	}
	if r.Method == http.MethodGet && slices.Contains(route.Operation.Tags, "pages") {
		return // they pass over what they cannot use
	}
	names := map[string]string{}
	asked := strings.Split(r.URL.Path, "/")
	for i, part := range strings.Split(route.Path, "/") {
		if strings.HasPrefix(part, "{") {
			names[strings.Trim(part, "{}")] = asked[i]
		}
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(strings.NewReader(body))
	err := openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: again, PathParams: names, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true},
	})
	if err != nil {
		t.Errorf("%s %s is taken, but not described: %v", r.Method, r.URL, err)
	}
}

func checkProblem(t testing.TB, doc *openapi3.T, r *http.Request, a answer) {
	t.Helper()
	if r.Method == http.MethodHead {
		return
	}
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s %.100s: %d as %q", r.Method, r.URL, a.StatusCode, got)
	}
	var body any
	if err := json.Unmarshal(a.body, &body); err != nil {
		t.Errorf("%s %.100s: %d: %v", r.Method, r.URL, a.StatusCode, err)
		return
	}
	if err := doc.Components.Schemas["Problem"].Value.VisitJSON(body, openapi3.EnableJSONSchema2020()); err != nil {
		t.Errorf("%s %.100s: %d is no problem document: %v", r.Method, r.URL, a.StatusCode, err)
	}
}

// The checks of this file do find what is wrong: the validator must not wave everything through.
func TestContractIsStrict(t *testing.T) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/whats-next", nil)
	if err != nil {
		t.Fatal(err)
	}
	good := `{"state":"nothing","running":[],"next":null,"following":[],"all_day":[],"changes_at":"2026-06-15T09:00:00+02:00",` +
		`"as_of":"2026-06-15T08:30:00+02:00","zone":"Europe/Berlin","stale":false,"notes":[]}`
	cases := []struct{ old, new string }{
		{"", ""},
		{`"nothing"`, `"something"`}, {`"running":[]`, `"running":null`}, {`"next":null`, `"next":{}`}, {`,"notes":[]`, ``},
		{`"notes":[]`, `"notes":[],"extra":1`}, {`"stale":false`, `"stale":"no"`}, {`2026-06-15T08:30:00+02:00`, `yesterday`},
	}
	for _, c := range cases {
		body := strings.Replace(good, c.old, c.new, 1)
		var inner recorder
		checkAnswer(&inner, r, answer{&http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Etag": {`"a"`}}}, []byte(body)})
		if wrong := c.old != ""; inner.failed != wrong {
			t.Errorf("%s: failed is %v: %s", body, inner.failed, inner.words)
		}
	}
	var inner recorder
	checkAnswer(&inner, r, answer{&http.Response{StatusCode: 418, Header: http.Header{}}, nil})
	if !inner.failed {
		t.Error("a status that is not described is waved through")
	}
}

// recorder is a testing.TB that only notes that it failed.
type recorder struct {
	testing.TB
	failed bool
	words  string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failed, r.words = true, format
	for _, a := range args {
		if err, ok := a.(error); ok {
			r.words = err.Error()
		}
	}
}

// Every route stands in the description and every description is a route.
func TestContractNamesEveryRoute(t *testing.T) {
	doc := contract(t)
	served := map[string]bool{}
	for _, r := range new(Server).routes() {
		key := r.method + " " + templated(r.path)
		if served[key] {
			t.Errorf("%s is served twice", key)
		}
		served[key] = true
	}
	ids := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			key := method + " " + path
			if !served[key] {
				t.Errorf("%s is described but not served", key)
			}
			delete(served, key)
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" {
				t.Errorf("%s has no summary, or no operationId of its own", key)
			}
			ids[op.OperationID] = true
		}
	}
	for key := range served {
		t.Errorf("%s is served but not described", key)
	}
}

func TestOpenAPIFileIsServed(t *testing.T) {
	d := start(t)
	a := d.ask("GET", "/api/v1/openapi.yaml", "")
	if a.StatusCode != http.StatusOK || !bytes.Equal(a.body, openAPIFile) {
		t.Errorf("%d, %d bytes", a.StatusCode, len(a.body))
	}
}
