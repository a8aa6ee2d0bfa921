package header

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"vpn-otpd/radiusd/access"
)

// Bounds of what is taken of a user, in octets. The server bounds the headers.
const (
	maxName  = 253
	maxGroup = 256
)

// logEvery is how often at most ignored headers are logged.
const logEvery = time.Minute

// Why a request names nobody. The text behind each is for the log.
var (
	// ErrNone: nobody whose word counts has said a name.
	ErrNone = errors.New("no header names a user")
	// ErrAmbiguous: the header could be read in two ways, or names nobody that there can be.
	ErrAmbiguous = errors.New("the header can't be used")
)

// Options of a header. Name is needed.
type Options struct {
	Name      string // of the header with the user's name
	Groups    string // of the one with the user's groups; "": none
	Separator string // between groups
	Proxies   Proxies
	Logger    *slog.Logger     // nil: nothing is logged
	Now       func() time.Time // nil: time.Now
}

// Header reads who a proxy says that a user is. Its methods may be used in parallel.
type Header struct {
	options Options
	ignored atomic.Uint64
	refused atomic.Uint64

	mutex  sync.Mutex
	logged time.Time
	before uint64 // ignored when it was logged
}

// New makes a header.
func New(o Options) *Header {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Header{options: o}
}

// Identify returns who the user is, by name and groups. The error is ErrNone or
// ErrAmbiguous.
func (h *Header) Identify(r *http.Request) (access.Identity, error) {
	names := r.Header.Values(h.options.Name)
	if len(names) == 0 {
		return access.Identity{}, ErrNone
	}
	if !h.options.Proxies.Trusts(r) {
		h.ignore(r)
		return access.Identity{}, ErrNone
	}
	identity, err := h.read(names, r.Header.Values(h.options.Groups))
	if errors.Is(err, ErrAmbiguous) {
		h.refused.Add(1)
	}
	return identity, err
}

func (h *Header) read(names, groups []string) (access.Identity, error) {
	name, err := single(h.options.Name, names)
	if err != nil {
		return access.Identity{}, err
	}
	switch {
	case name == "": // some proxies set it so for those who aren't signed in
		return access.Identity{}, ErrNone
	case strings.Contains(name, ","): // two headers that were joined on the way (RFC 9110 section 5.3)
		return access.Identity{}, fmt.Errorf("%w: %s has a comma", ErrAmbiguous, h.options.Name)
	case len(name) > maxName || !utf8.ValidString(name):
		return access.Identity{}, fmt.Errorf("%w: %s isn't a name", ErrAmbiguous, h.options.Name)
	}
	identity := access.Identity{Name: name, GroupsKnown: h.options.Groups != ""}
	if identity.GroupsKnown && len(groups) > 0 { // proxies leave out headers that are empty
		identity.Groups, err = h.split(groups)
	}
	if err != nil {
		return access.Identity{}, err
	}
	return identity, nil
}

// split returns all groups or an error: a rule about a group that was left out
// would be another rule.
func (h *Header) split(headers []string) ([]string, error) {
	all, err := single(h.options.Groups, headers)
	if err != nil {
		return nil, err
	}
	var groups []string
	for _, group := range strings.Split(all, h.options.Separator) {
		if group = strings.TrimSpace(group); group == "" {
			continue
		}
		if len(group) > maxGroup || !utf8.ValidString(group) {
			return nil, fmt.Errorf("%w: a group in %s", ErrAmbiguous, h.options.Groups)
		}
		groups = append(groups, group)
	}
	if len(groups) > access.MaxGroups {
		return nil, fmt.Errorf("%w: %d groups in %s", ErrAmbiguous, len(groups), h.options.Groups)
	}
	return groups, nil
}

func single(name string, values []string) (string, error) {
	if len(values) != 1 {
		return "", fmt.Errorf("%w: %s is there %d times", ErrAmbiguous, name, len(values))
	}
	return strings.TrimSpace(values[0]), nil
}

// ignore counts a header from somebody whose word doesn't count.
func (h *Header) ignore(r *http.Request) {
	ignored := h.ignored.Add(1)
	h.mutex.Lock()
	defer h.mutex.Unlock()
	now := h.options.Now()
	if !h.logged.IsZero() && now.Sub(h.logged) < logEvery {
		return
	}
	h.options.Logger.Warn("ignored a header that names a user: it doesn't come from a trusted proxy",
		"header", h.options.Name, "from", r.RemoteAddr, "times", ignored-h.before)
	h.logged, h.before = now, ignored
}

// Counters are what became of headers that couldn't be used.
func (h *Header) Counters() map[string]uint64 {
	return map[string]uint64{"ignored": h.ignored.Load(), "ambiguous": h.refused.Load()}
}
