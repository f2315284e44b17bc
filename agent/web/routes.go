package web

import (
	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/page"
)

// route is one line of the table of URLs.
type route struct {
	method, path string
	access       access
	answer       fiber.Handler
}

// routes is every URL of the server. A GET is also a HEAD. openapi.yaml describes the same table.
func (s *Server) routes() []route {
	const get, post, put, del = fiber.MethodGet, fiber.MethodPost, fiber.MethodPut, fiber.MethodDelete
	return []route{
		// Pages for people.
		{get, "/", reading, s.html(page.Next)},
		{get, "/agenda", reading, s.html(page.Agenda)},
		{post, "/hide", formal, s.hideForm},
		{post, "/unhide", formal, s.unhideForm},
		{get, "/stream", reading, s.stream},
		{get, "/assets/:name", reading, s.asset},
		{get, "/favicon.ico", reading, s.favicon},

		// The drop-in routes.
		{get, "/api/health", reading, s.health},
		{get, "/api/whats-next", reading, s.json(page.WhatsNext)},
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
		{get, "/api/v1/openapi.yaml", reading, s.openAPI},
		{get, "/healthz", reading, s.healthz},
		{get, "/readyz", reading, s.readyz},
	}
}
