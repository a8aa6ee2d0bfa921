package admin

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// SessionQuery selects sessions; what is empty selects all.
type SessionQuery struct {
	User, Client string
	Ended        bool   // those that ended too
	After        string // the Next of an earlier page
	Limit        int    // 1 to MaxPage; 0: DefaultPage
}

// Sessions returns one page of who is connected, by user.
func (c *Client) Sessions(ctx context.Context, q SessionQuery) (SessionPage, error) {
	query := make(url.Values)
	set(query, "user", q.User)
	set(query, "client", q.Client)
	set(query, "after", q.After)
	if q.Ended {
		query.Set("ended", "true")
	}
	if q.Limit != 0 {
		query.Set("limit", strconv.Itoa(q.Limit))
	}
	return call[SessionPage](ctx, c, http.MethodGet, "/v1/sessions?"+query.Encode(), nil)
}
