package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// readJSON reads a body of /api/v1 strictly: one JSON object with known members of the right types.
func readJSON(c *fiber.Ctx, into any) error {
	if !hasType(c, fiber.MIMEApplicationJSON) {
		return problemOf(http.StatusUnsupportedMediaType, "not_json", "The body must be JSON, with the header \"Content-Type: application/json\".")
	}
	// The raw body: the framework would unpack a compressed one without bound. And a copy: its buffer is used again.
	return decodeStrictly(bytes.Clone(c.BodyRaw()), into)
}

func decodeStrictly(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	var (
		syntax *json.SyntaxError
		typed  *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &typed) && typed.Field != "":
		return problemOf(http.StatusBadRequest, "bad_member", fmt.Sprintf("The member %s must be %s, not %s.", typed.Field, kindName(typed.Type.Kind().String()), typed.Value))
	case errors.As(err, &typed):
		return problemOf(http.StatusBadRequest, "bad_json", "The body must be one JSON object.")
	case errors.As(err, &syntax):
		return problemOf(http.StatusBadRequest, "bad_json", fmt.Sprintf("The body is not JSON; what is wrong begins near byte %d.", syntax.Offset))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return problemOf(http.StatusBadRequest, "bad_json", "The body is empty or breaks off; it must be one JSON object.")
	case err != nil:
		return problemOf(http.StatusBadRequest, "bad_member", unknownMember(body, into))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return problemOf(http.StatusBadRequest, "bad_json", "There is more in the body after the JSON object.")
	}
	return nil
}

// unknownMember says which member of a body does not exist in the struct that into points to, and which do.
func unknownMember(body []byte, into any) string {
	var names []string
	for field := range reflect.TypeOf(into).Elem().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	var members map[string]json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&members); err == nil {
		for _, member := range slices.Sorted(maps.Keys(members)) {
			// As the decoder does, which takes capitals for small letters.
			if !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, member) }) {
				return fmt.Sprintf("The member %s does not exist here; there are: %s.", strconv.Quote(short(member)), strings.Join(names, ", "))
			}
		}
	}
	return fmt.Sprintf("The body cannot be used; its members can be: %s.", strings.Join(names, ", "))
}

// kindName is the JSON name of a Go kind.
func kindName(kind string) string {
	switch kind {
	case "bool":
		return "true or false"
	case "string":
		return "text"
	case "map", "struct":
		return "an object"
	}
	return "of another type"
}

// readForm reads a form that a browser sent.
func readForm(c *fiber.Ctx) (url.Values, error) {
	if !hasType(c, fiber.MIMEApplicationForm) {
		return nil, problemOf(http.StatusUnsupportedMediaType, "not_a_form", "The body must be a form.")
	}
	form, err := url.ParseQuery(string(c.BodyRaw()))
	if err != nil {
		return nil, problemOf(http.StatusBadRequest, "bad_form", "The form is not properly encoded.")
	}
	return form, nil
}

func hasType(c *fiber.Ctx, want string) bool {
	given, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	return err == nil && given == want
}
