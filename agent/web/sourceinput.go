package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"calendarbot/agent/config"
)

// sourceInput is the body of POST and PUT under /api/v1/sources. What is left out keeps its value. The values
// themselves are judged by config.Complete, as those of the configuration are.
type sourceInput struct {
	ID       *string            `json:"id"`
	Name     *string            `json:"name"`
	URL      *string            `json:"url"`
	Color    *string            `json:"color"`
	Username *string            `json:"username"`
	Password *string            `json:"password"`
	Bearer   *string            `json:"bearer"`
	Headers  *map[string]string `json:"headers"`
	LAN      *bool              `json:"lan"`
	Refresh  *string            `json:"refresh"` // "15m"; "" for the configured pause
	Disabled *bool              `json:"disabled"`
}

// apply returns src with what the input says.
func (in sourceInput) apply(src config.Source) (config.Source, error) {
	if in.URL != nil && originOf(*in.URL) != originOf(src.URL.Reveal()) {
		// What was a secret between us and one server is not sent to another.
		src.Username, src.Password, src.Bearer, src.Headers = "", "", "", nil
	}
	replace(&src.ID, in.ID)
	replace(&src.Name, in.Name)
	replace(&src.Color, in.Color)
	replace(&src.Username, in.Username)
	replace(&src.URL, (*config.Secret)(in.URL))
	replace(&src.Password, (*config.Secret)(in.Password))
	replace(&src.Bearer, (*config.Secret)(in.Bearer))
	replace(&src.LAN, in.LAN)
	replace(&src.Disabled, in.Disabled)
	if in.Headers != nil {
		src.Headers = make(map[string]config.Secret, len(*in.Headers))
		for name, value := range *in.Headers {
			src.Headers[name] = config.Secret(value)
		}
	}
	if in.Refresh != nil {
		src.Refresh = 0
		if *in.Refresh != "" {
			pause, err := time.ParseDuration(*in.Refresh)
			if err != nil {
				return src, problemOf(http.StatusBadRequest, "bad_member", "The member refresh must be a time such as 15m or 2h.")
			}
			src.Refresh = pause
		}
	}
	return src, nil
}

// originOf is the scheme and host of an address.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

func replace[T any](into, given *T) {
	if given != nil {
		*into = *given
	}
}
