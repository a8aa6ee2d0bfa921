package enroll

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
)

// maxJitter blurs when a refused sign-in is answered.
const maxJitter = 500 * time.Millisecond

// Handler is the enrollment page. Its methods may be used in parallel.
type Handler struct {
	options  Options
	logger   *slog.Logger
	now      func() time.Time
	zone     *time.Location
	jitter   func() time.Duration
	base     string // path of the URL, ends in "/"
	origins  *http.CrossOriginProtection
	sessions *scs.SessionManager
	returns  []returnRule
	texts    *texts
	pages    pages
	style    style
}

// New makes the page. Its errors are about the options.
func New(o Options) (*Handler, error) {
	if o.Gate == nil || o.Enroller == nil || o.Sessions == nil {
		return nil, errors.New("the enrollment page needs a gate, an enroller and a store for sessions")
	}
	if err := checkURL(o.URL); err != nil {
		return nil, err
	}
	if len(o.SignIn) == 0 {
		o.SignIn = []SignInWay{SignInPassword}
	}
	if err := checkWays(o); err != nil {
		return nil, err
	}
	h := &Handler{options: o, logger: o.Logger, now: o.Now, zone: time.Local, base: o.URL.Path,
		jitter: func() time.Duration { return rand.N(maxJitter) }, origins: http.NewCrossOriginProtection()}
	if h.logger == nil {
		h.logger = slog.New(slog.DiscardHandler)
	}
	if h.now == nil {
		h.now = time.Now
	}
	if h.options.Site == "" {
		h.options.Site = o.URL.Host
	}
	// A proxy may pass another Host on.
	if err := h.origins.AddTrustedOrigin(o.URL.Scheme + "://" + o.URL.Host); err != nil {
		return nil, fmt.Errorf("the address of the enrollment page: %w", err)
	}
	h.sessions = newSessions(o.Sessions, o.URL)
	h.style = newStyle()
	var err error
	if h.returns, err = parseReturns(o.Returns); err != nil {
		return nil, err
	}
	if h.texts, err = newTexts(); err != nil {
		return nil, err
	}
	h.pages, err = parsePages()
	return h, err
}

func checkURL(u *url.URL) error {
	switch {
	case u == nil || u.Host == "":
		return errors.New("the enrollment page needs the address that users open")
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("the address of the enrollment page begins with %q, not with https://", u.Scheme)
	case !strings.HasPrefix(u.Path, "/") || !strings.HasSuffix(u.Path, "/") || u.EscapedPath() != u.Path:
		return fmt.Errorf("the address of the enrollment page has the path %q: it must begin and end with a slash, and be plain", u.Path)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return errors.New("the address of the enrollment page can't have a user, a query or a fragment")
	}
	return nil
}
