package web

import (
	"crypto/subtle"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/page"
)

// route is one line of the table of URLs.
type route struct {
	method, path string
	access       access
	answer       fiber.Handler
}

// waits tells whether a route takes long, or fails, for reasons that no step down cures: it compares a secret, which takes a second on
// purpose, tries a calendar's server, writes to a disk that may be full, or is a stream, of which there are only so many.
func (r route) waits() bool {
	switch r.access {
	case entering, writing, knowing, settling, changing, visiting, joining, dropIn, formal:
		return true
	}
	return r.path == "/stream" || r.path == SelfPath
}

// SelfPath is where the program asks for its own page: the same page as at "/", counted apart from what people ask for. By how fast it is
// the program judges itself, so it is there only for a request with the header SelfHeader, of Server.SelfKey, and without a query.
const (
	SelfPath   = "/self"
	SelfHeader = "X-Calendarbot-Self"
)

// SelfKey is what the program tells from others by; another one with each start.
func (s *Server) SelfKey() string { return s.selfKey }

// ownOnly hides a route from all but the program itself: for others it is none.
func (s *Server) ownOnly(answer fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		key := c.Request().Header.Peek(SelfHeader)
		if subtle.ConstantTimeCompare(key, []byte(s.selfKey)) != 1 || len(c.Request().URI().QueryString()) > 0 {
			return c.Next()
		}
		return answer(c)
	}
}

// routes is every URL of the server. A GET is also a HEAD. openapi.yaml describes the same table.
func (s *Server) routes() []route {
	const get, post, put, patch, del = fiber.MethodGet, fiber.MethodPost, fiber.MethodPut, fiber.MethodPatch, fiber.MethodDelete
	return []route{
		// The drop-in routes. The framework looks in this order, and the first is asked for most.
		{get, "/api/whats-next", reading, s.json(page.WhatsNext)},
		{get, "/api/health", open, s.health},
		{post, "/api/skip", dropIn, s.skip},
		{del, "/api/skip", dropIn, s.clearSkips},
		{get, "/api/clear_skips", dropIn, s.clearSkipsByGet},
		{post, "/api/browser-heartbeat", beating, s.heartbeat},
		{get, "/api/done-for-day", reading, s.json(page.DoneForDay)},
		{post, "/api/morning-summary", reading, s.json(page.MorningSummary)},
		{get, "/api/alexa/next-meeting", voice, s.json(page.AlexaNext)},
		{get, "/api/alexa/time-until-next", voice, s.json(page.AlexaTimeUntil)},
		{get, "/api/alexa/done-for-day", voice, s.json(page.AlexaDone)},
		{get, "/api/alexa/launch-summary", voice, s.json(page.AlexaLaunch)},
		{get, "/api/alexa/morning-summary", voice, s.json(page.AlexaMorning)},

		// Pages for people.
		{get, "/", viewing, s.html(page.Next)},
		{get, "/agenda", viewing, s.html(page.Agenda)},
		{post, "/hide", formal, s.hideForm},
		{post, "/unhide", formal, s.unhideForm},
		{get, "/stream", reading, s.stream},
		{get, "/status", viewing, s.getStatusPage},
		{get, SelfPath, open, s.html(page.Next)}, // see ownOnly
		{get, "/assets/:name", open, s.asset},
		{get, "/favicon.ico", open, s.favicon},
		{get, "/login", open, s.loginForm},
		{post, "/login", entering, s.login},
		{post, "/logout", entering, s.logout},
		{get, "/settings", settling, s.getSettingsPage},
		{post, "/settings", changing, s.settingsForm},
		{get, "/update", settling, s.getUpdatePage},
		{post, "/update", changing, s.updateForm},
		{get, "/setup", visiting, s.getSetupPage},
		{post, "/setup", joining, s.setupForm},

		// Our own interface.
		{get, "/api/v1/events", reading, s.json(page.Events)},
		{get, "/api/v1/whats-next", reading, s.json(page.WhatsNextV1)},
		{get, "/api/v1/sources", reading, s.listSources},
		{post, "/api/v1/sources", writing, s.addSource},
		{put, "/api/v1/sources/:id", writing, s.editSource},
		{del, "/api/v1/sources/:id", writing, s.deleteSource},
		{post, "/api/v1/sources/:id/refresh", writing, s.refreshSource},
		{get, "/api/v1/hidden", reading, s.listHidden},
		{post, "/api/v1/hidden", writing, s.hide},
		{del, "/api/v1/hidden", writing, s.unhide},
		{get, "/api/v1/settings", reading, s.getSettings},
		{patch, "/api/v1/settings", writing, s.setSettings},
		{get, "/api/v1/config", knowing, s.getConfig},
		{patch, "/api/v1/config", writing, s.setConfig},
		{get, "/api/v1/config/log", knowing, s.configLog},
		{post, "/api/v1/config/undo", writing, s.undoConfig},
		{post, "/api/v1/config/reload", writing, s.reloadConfig},
		{get, "/api/v1/features", reading, s.listFeatures},
		{put, "/api/v1/features/:name", writing, s.setFeature},
		{get, "/api/v1/emergency-off", reading, s.getEmergency},
		{post, "/api/v1/emergency-off", writing, s.emergencyOff},
		{del, "/api/v1/emergency-off", writing, s.emergencyOn},
		{get, "/api/v1/slots", reading, s.getSlots},
		{post, "/api/v1/slots/:kind", writing, s.postSlots},
		{get, "/api/v1/rollback", reading, s.getRollback},
		{post, "/api/v1/rollback", writing, s.postRollback},
		{del, "/api/v1/rollback", writing, s.deleteRollback},
		{get, "/api/v1/update", reading, s.getUpdate},
		{post, "/api/v1/update", writing, s.postUpdate},
		{put, "/api/v1/update/upload", writing, s.putUpload},
		{del, "/api/v1/update/upload", writing, s.deleteUpload},
		{get, "/api/v1/cache", reading, s.getCache},
		{del, "/api/v1/cache", writing, s.dropCache},
		{get, "/api/v1/pools", reading, s.getPools},
		{get, "/api/v1/status", reading, s.getStatus},
		{get, "/api/v1/pressure", reading, s.getPressure},
		{get, "/api/v1/pressure/history", reading, s.pressureHistory},
		{get, "/api/v1/openapi.yaml", open, s.openAPI},
		{get, "/metrics", reading, s.metrics},
		{get, "/healthz", open, s.healthz},
		{get, "/readyz", open, s.readyz},
	}
}
