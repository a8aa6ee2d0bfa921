package admin

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// Connections is what the server needs of those who know who is connected.
type Connections interface {
	// List returns up to q.Limit connections that q selects, in the order of
	// their places. The user is as typed.
	List(ctx context.Context, q store.ConnectionQuery) ([]access.Connection, error)
}

var sessionParameters = []string{"user", "client", "ended", "after", "limit"}

func (s *Server) sessions(ctx context.Context, q question, _ nothing) (SessionPage, error) {
	query, err := sessionQuery(q.URL.Query())
	if err != nil || s.Connections == nil {
		return SessionPage{Sessions: []Session{}}, err
	}
	found, err := s.Connections.List(ctx, query)
	if err != nil {
		return SessionPage{}, err
	}
	page := SessionPage{Sessions: make([]Session, 0, len(found))}
	for _, c := range found {
		page.Sessions = append(page.Sessions, sessionOf(c))
	}
	if len(found) == query.Limit {
		page.Next, err = sessionPlaceText(found[len(found)-1].Place())
	}
	return page, err
}

func sessionQuery(values url.Values) (q store.ConnectionQuery, err error) {
	q = store.ConnectionQuery{User: values.Get("user"), Client: values.Get("client")}
	switch values.Get("ended") {
	case "", "false":
	case "true":
		q.Ended = true
	default:
		return q, invalid("the parameter \"ended\" must be true or false")
	}
	if q.Limit, err = queryLimit(values, DefaultPage, MaxPage); err != nil {
		return q, err
	}
	q.After, err = sessionPlaceOf(values.Get("after"))
	return q, err
}

// sessionPlaceText is a place in the list as clients hand it back.
func sessionPlaceText(place store.ConnectionPlace) (string, error) {
	octets, err := json.Marshal(place)
	return base64.RawURLEncoding.EncodeToString(octets), err
}

// sessionPlaceOf reads what sessionPlaceText wrote.
func sessionPlaceOf(text string) (place store.ConnectionPlace, err error) {
	if text == "" {
		return place, nil
	}
	octets, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(octets))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(&place)
	}
	if err != nil {
		return store.ConnectionPlace{}, invalid("the parameter \"after\" is nothing that an earlier answer said")
	}
	return place, nil
}

func sessionOf(c access.Connection) Session {
	session := Session{
		User: c.User, State: SessionOpen, Client: c.Client, NAS: c.NAS, Session: c.Session, CallingStation: c.CallingStation,
		Address: c.Address, Address6: c.Address6, StartedAt: utc(c.StartedAt), UpdatedAt: utc(c.UpdatedAt), EndedAt: utc(c.EndedAt),
		TerminateCause: c.TerminateCause, InputOctets: c.InputOctets, OutputOctets: c.OutputOctets,
	}
	switch {
	case !c.EndedAt.IsZero():
		session.State = SessionEnded
	case c.Stale:
		session.State = SessionStale
	}
	return session
}
