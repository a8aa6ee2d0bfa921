package admin

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// AddUser makes an account and returns its canonical name. A nil password: no local one.
func (c *Client) AddUser(ctx context.Context, name string, password *string) (string, error) {
	added, err := call[AddedUser](ctx, c, http.MethodPost, "/v1/users", NewUser{Name: name, Password: password})
	return added.Name, err
}

// Users returns one page of up to limit users (1 to MaxPage; 0: DefaultPage)
// with names above after.
func (c *Client) Users(ctx context.Context, after string, limit int) (UserPage, error) {
	return call[UserPage](ctx, c, http.MethodGet, "/v1/users?"+pageQuery(after, limit).Encode(), nil)
}

func pageQuery(after string, limit int) url.Values {
	query := url.Values{}
	if after != "" {
		query.Set("after", after)
	}
	if limit != 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	return query
}

// List returns what a list shows of up to limit users (1 to MaxPage; 0:
// DefaultPage) with names above after.
func (c *Client) List(ctx context.Context, after string, limit int) (List, error) {
	return call[List](ctx, c, http.MethodGet, "/v1/list?"+pageQuery(after, limit).Encode(), nil)
}

// User returns one user.
func (c *Client) User(ctx context.Context, name string) (User, error) {
	return callUser[User](ctx, c, http.MethodGet, nil, name)
}

// DeleteUser removes an account and all that belongs to it.
func (c *Client) DeleteUser(ctx context.Context, name string) error {
	return change(ctx, c, http.MethodDelete, nil, name)
}

// SetPassword replaces the local password.
func (c *Client) SetPassword(ctx context.Context, name, password string) error {
	return change(ctx, c, http.MethodPut, Password{Password: &password}, name, "password")
}

// SetDisabled switches an account off or on.
func (c *Client) SetDisabled(ctx context.Context, name string, disabled bool) error {
	return change(ctx, c, http.MethodPut, Disabled{Disabled: &disabled}, name, "disabled")
}

// SetPolicy sets the user's own policy.
func (c *Client) SetPolicy(ctx context.Context, name string, policy Policy) error {
	return change(ctx, c, http.MethodPut, policy, name, "policy")
}

// AddDevice enrolls a device whose secret exists elsewhere.
func (c *Client) AddDevice(ctx context.Context, name string, device NewDevice) (Device, error) {
	return callUser[Device](ctx, c, http.MethodPost, device, name, "devices")
}

// RemoveDevice removes one device.
func (c *Client) RemoveDevice(ctx context.Context, name, label string) error {
	return change(ctx, c, http.MethodDelete, nil, name, "devices", label)
}

// Reset removes the whole enrollment, and lifts the lock.
func (c *Client) Reset(ctx context.Context, name string) error {
	return change(ctx, c, http.MethodPost, nil, name, "reset")
}

// Unlock lifts the lock.
func (c *Client) Unlock(ctx context.Context, name string) error {
	return change(ctx, c, http.MethodPost, nil, name, "unlock")
}

// GiveCode makes a temporary code, good for so long (whole seconds) and so often.
func (c *Client) GiveCode(ctx context.Context, name string, valid time.Duration, uses int) (TemporaryCode, error) {
	terms := CodeTerms{ValidSeconds: int64(valid / time.Second), Uses: uses}
	return callUser[TemporaryCode](ctx, c, http.MethodPost, terms, name, "code")
}

// NewRecoveryCodes makes new recovery codes; older ones are void.
func (c *Client) NewRecoveryCodes(ctx context.Context, name string) ([]string, error) {
	made, err := callUser[RecoveryCodes](ctx, c, http.MethodPost, nil, name, "recovery")
	return made.Codes, err
}

// Invite makes an invitation to enroll, good for so long (whole seconds).
func (c *Client) Invite(ctx context.Context, name string, valid time.Duration) (Invitation, error) {
	terms := InviteTerms{ValidSeconds: int64(valid / time.Second)}
	return callUser[Invitation](ctx, c, http.MethodPost, terms, name, "invite")
}

// Status says how the daemon is doing.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return call[Status](ctx, c, http.MethodGet, "/v1/status", nil)
}

// Reload has the daemon read its configuration again, and returns its warnings.
func (c *Client) Reload(ctx context.Context) ([]string, error) {
	reloaded, err := call[Reloaded](ctx, c, http.MethodPost, "/v1/reload", nil)
	return reloaded.Warnings, err
}

func callUser[Out any](ctx context.Context, c *Client, method string, in any, name string, parts ...string) (Out, error) {
	path, err := userPath(name, parts...)
	if err != nil {
		var out Out
		return out, err
	}
	return call[Out](ctx, c, method, path, in)
}

func change(ctx context.Context, c *Client, method string, in any, name string, parts ...string) error {
	_, err := callUser[nothing](ctx, c, method, in, name, parts...)
	return err
}
