package admin

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Explain says what a login of a user would get now: at a client, or as the
// global policy says where client is "". from is where the user is, "": not known.
func (c *Client) Explain(ctx context.Context, name, client, from string) (Explanation, error) {
	path, err := userPath(name, "explain")
	if err != nil {
		return Explanation{}, err
	}
	query := make(url.Values)
	set(query, "client", client)
	set(query, "from", from)
	return call[Explanation](ctx, c, http.MethodGet, path+"?"+query.Encode(), nil)
}

// LogQuery selects audit records; what is empty selects all.
type LogQuery struct {
	User, Client, Reason, Event, Decision string
	Since, Until                          time.Time
	After                                 string // Oldest, or the Next of an earlier page; "": the newest records
	Limit                                 int    // 1 to MaxLogPage; 0: DefaultLogPage
}

// Log returns one page of audit records.
func (c *Client) Log(ctx context.Context, q LogQuery) (LogPage, error) {
	query := make(url.Values)
	for parameter, value := range map[string]string{"user": q.User, "client": q.Client, "reason": q.Reason,
		"event": q.Event, "decision": q.Decision, "after": q.After} {
		set(query, parameter, value)
	}
	for parameter, at := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !at.IsZero() {
			query.Set(parameter, at.UTC().Format(time.RFC3339Nano))
		}
	}
	if q.Limit != 0 {
		query.Set("limit", strconv.Itoa(q.Limit))
	}
	return call[LogPage](ctx, c, http.MethodGet, "/v1/log?"+query.Encode(), nil)
}

// VerifyLog verifies the audit chains, for as long as it takes. progress, which
// may be nil, hears how many records of a chain were read. head is NUMBER:MAC of a
// chain's end that was kept elsewhere, "" where none was.
func (c *Client) VerifyLog(ctx context.Context, head string, progress func(read int64)) ([]Chain, error) {
	query := make(url.Values)
	set(query, "head", head)
	request, err := newRequest(ctx, http.MethodGet, "/v1/log/verify?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	var last VerifyLine
	err = c.stream(ctx, request, func(octets []byte) error {
		last = VerifyLine{}
		if err := decodeLine(octets, &last); err != nil {
			return err
		}
		if progress != nil && last.Read > 0 {
			progress(last.Read)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case last.Error != "":
		return nil, &RefusalError{Status: http.StatusInternalServerError, Kind: KindFault, Text: last.Error}
	case !last.Done:
		return nil, errBrokenOff
	}
	return last.Chains, nil
}

func set(query url.Values, parameter, value string) {
	if value != "" {
		query.Set(parameter, value)
	}
}
