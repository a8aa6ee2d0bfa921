package admin

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"vpn-otpd/store"
)

// AuditLog is what the server needs of the audit records.
type AuditLog interface {
	// Log returns the records that a query selects, and where to go on.
	Log(ctx context.Context, q store.LogQuery) (records []store.Record, next map[string]int64, err error)
	// VerifyAudit walks all chains; progress hears how many records of one were read.
	VerifyAudit(ctx context.Context, progress func(read int64)) ([]store.Chain, error)
	// AuditMAC is the MAC of one record, or of the last one that was pruned.
	AuditMAC(ctx context.Context, node string, seq int64) (mac []byte, found bool, err error)
}

var logParameters = []string{"user", "client", "reason", "event", "decision", "since", "until", "after", "limit"}

func (s *Server) log(ctx context.Context, q question, _ nothing) (LogPage, error) {
	query, err := s.logQuery(q.URL.Query())
	if err != nil {
		return LogPage{}, err
	}
	records, next, err := s.Audit.Log(ctx, query)
	if err != nil {
		return LogPage{}, err
	}
	place, err := placeText(next)
	return LogPage{Records: recordsOf(records), Next: place}, err
}

func (s *Server) logQuery(values url.Values) (q store.LogQuery, err error) {
	q = store.LogQuery{Client: values.Get("client"), Reason: values.Get("reason"),
		Event: values.Get("event"), Decision: values.Get("decision")}
	if user := values.Get("user"); user != "" {
		if q.User, err = s.Accounts.Canonical(user); err != nil {
			return q, err
		}
	}
	if q.Since, err = queryTime(values, "since"); err != nil {
		return q, err
	}
	if q.Until, err = queryTime(values, "until"); err != nil {
		return q, err
	}
	if q.Limit, err = queryLimit(values, DefaultLogPage, MaxLogPage); err != nil {
		return q, err
	}
	q.After, err = placeOf(values.Get("after"))
	return q, err
}

func queryTime(values url.Values, parameter string) (time.Time, error) {
	text := values.Get(parameter)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, invalid("the parameter %q is no time as in RFC 3339", parameter)
	}
	return at, nil
}

// queryLimit is how much is wanted on a page.
func queryLimit(values url.Values, usual, most int) (int, error) {
	text := values.Get("limit")
	if text == "" {
		return usual, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > most {
		return 0, invalid("the limit must be a number from 1 to %d", most)
	}
	return limit, nil
}

// placeText is a place in all chains as clients hand it back.
func placeText(place map[string]int64) (string, error) {
	if len(place) == 0 {
		return Oldest, nil
	}
	octets, err := json.Marshal(place)
	return base64.RawURLEncoding.EncodeToString(octets), err
}

// placeOf reads what placeText wrote; nil stands for no place at all.
func placeOf(text string) (map[string]int64, error) {
	switch text {
	case "":
		return nil, nil
	case Oldest:
		return map[string]int64{}, nil
	}
	octets, err := base64.RawURLEncoding.DecodeString(text)
	var place map[string]int64
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(octets)).Decode(&place)
	}
	if err != nil || place == nil {
		return nil, invalid("the parameter \"after\" is nothing that an earlier answer said")
	}
	return place, nil
}

func recordsOf(records []store.Record) []Record {
	all := make([]Record, 0, len(records))
	for _, r := range records {
		record := Record{Node: r.Node, Seq: r.Seq, At: utc(r.At), Decision: r.Decision, Event: r.Event, Reason: r.Reason,
			User: r.User, Client: r.Client, CallingStation: r.CallingStation, Detail: r.Detail}
		if r.Actor != (store.Actor{UID: -1}) {
			record.Actor = &Actor{UID: r.Actor.UID, Name: r.Actor.Name}
		}
		all = append(all, record)
	}
	return all
}
