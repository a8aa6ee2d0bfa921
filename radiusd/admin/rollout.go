package admin

import (
	"context"
	"net/http"

	"vpn-otpd/radiusd/access"
)

func (s *Server) rollout(ctx context.Context, q question, _ nothing) (Rollout, error) {
	limit, err := queryLimit(q.URL.Query(), DefaultPage, MaxPage)
	if err != nil {
		return Rollout{}, err
	}
	part, err := s.Accounts.Rollout(ctx, q.URL.Query().Get("after"), limit)
	if err != nil {
		return Rollout{}, err
	}
	answer := Rollout{Due: make([]DueUser, 0, len(part.Due)), Totals: RolloutTotals(part.Totals), Next: part.Next}
	for _, due := range part.Due {
		answer.Due = append(answer.Due, dueUserOf(due))
	}
	return answer, nil
}

func dueUserOf(d access.Due) DueUser {
	due := DueUser{Name: d.User, RequiredBy: d.By, Since: utc(d.Since), Deadline: utc(d.Deadline), Late: d.Late, Closed: string(d.Closed)}
	if d.NoPage {
		due.Closed = "no page"
	}
	return due
}

func (s *Server) remembered(ctx context.Context, q question, _ nothing) (RememberedLogins, error) {
	live, err := s.Accounts.RememberedLogins(ctx, q.name())
	if err != nil {
		return RememberedLogins{}, err
	}
	answer := RememberedLogins{Logins: make([]RememberedLogin, 0, len(live))}
	for _, r := range live {
		answer.Logins = append(answer.Logins, RememberedLogin{Client: r.Client, CallingStation: r.CallingStation,
			Since: utc(r.CreatedAt), Until: utc(r.ExpiresAt)})
	}
	return answer, nil
}

func (s *Server) forget(ctx context.Context, q question, _ nothing) (Forgotten, error) {
	forgotten, err := s.Accounts.ForgetLogins(ctx, q.actor, q.name())
	return Forgotten{Logins: forgotten}, err
}

// Rollout returns a part of the report on who must still enroll: of up to limit
// users (1 to MaxPage; 0: DefaultPage) with names above after.
func (c *Client) Rollout(ctx context.Context, after string, limit int) (Rollout, error) {
	return call[Rollout](ctx, c, http.MethodGet, "/v1/rollout?"+pageQuery(after, limit).Encode(), nil)
}

// RememberedLogins are the logins that a user may reconnect on the password alone.
func (c *Client) RememberedLogins(ctx context.Context, name string) ([]RememberedLogin, error) {
	live, err := callUser[RememberedLogins](ctx, c, http.MethodGet, nil, name, "remembered")
	return live.Logins, err
}

// ForgetLogins ends them all, and says how many there were.
func (c *Client) ForgetLogins(ctx context.Context, name string) (int, error) {
	forgotten, err := callUser[Forgotten](ctx, c, http.MethodPost, nil, name, "forget")
	return forgotten.Logins, err
}
