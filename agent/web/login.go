package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
	"calendarbot/agent/page"
)

// loginForm is GET /login.
func (s *Server) loginForm(c *fiber.Ctx) error {
	values, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		values = nil // where to go afterwards does not matter much
	}
	return s.showLogin(c, http.StatusOK, page.LoginView{Back: wayBack(values.Get("back"))})
}

func (s *Server) showLogin(c *fiber.Ctx, status int, l page.LoginView) error {
	web := s.current().Config.Web
	l.None = web.PIN == "" && web.WriteToken == ""
	return answerForm(c, status, page.Login(s.frame(), &l))
}

// login is POST /login: the PIN, or the token, begins a session.
func (s *Server) login(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	web := s.current().Config.Web
	who, l := requesterOf(c), page.LoginView{Back: wayBack(form.Get("back"))}
	given := form.Get("pin")
	if given == "" {
		l.Wrong = "Please type the PIN."
		return s.showLogin(c, http.StatusBadRequest, l)
	}
	if err = errWrong; web.PIN != "" || web.WriteToken != "" {
		err = s.door.admit(who.from, shortSecret, given, set(web.PIN, web.WriteToken)...)
	}
	told := (*problem)(nil)
	switch {
	case errors.Is(err, errWrong):
		l.Wrong = "This is not the PIN."
		return s.showLogin(c, http.StatusUnauthorized, l)
	case errors.As(err, &told):
		told.announce(c)
		l.Wrong = told.Detail
		return s.showLogin(c, told.Status, l)
	case err != nil:
		return err
	}
	keep(c, s.sessions.cookie(s.sessions.begin(s.o.Now()), web))
	return c.Redirect(l.Back, http.StatusSeeOther)
}

// set is the secrets that are there.
func set(all ...config.Secret) (there []config.Secret) {
	for _, one := range all {
		if one != "" {
			there = append(there, one)
		}
	}
	return there
}

// logout is POST /logout. Whoever is not logged in is so afterwards, too.
func (s *Server) logout(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	web := s.current().Config.Web
	if n, ok := s.sessions.read(cookieOf(c), web, s.o.Now()); ok {
		if !s.sessions.fits(form.Get("token"), n, web) {
			return oldForm()
		}
		s.sessions.end(n, s.o.Now())
	}
	keep(c, "")
	return c.Redirect("/", http.StatusSeeOther)
}

func oldForm() error {
	return problemOf(http.StatusForbidden, "form", "This page was out of date; please load it again.")
}
