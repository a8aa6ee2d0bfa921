package admin

import (
	"context"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

func (s *Server) addUser(ctx context.Context, q question, in NewUser) (AddedUser, error) {
	if in.Name == "" {
		return AddedUser{}, invalid("the field \"name\" is missing")
	}
	var password []byte
	if in.Password != nil {
		password = []byte(*in.Password) // never nil: an empty password is for Accounts to refuse
	}
	name, err := s.Accounts.AddUser(ctx, q.actor, in.Name, password)
	return AddedUser{Name: name}, err
}

func (s *Server) users(ctx context.Context, q question, _ nothing) (UserPage, error) {
	limit, err := queryLimit(q.URL.Query(), DefaultPage, MaxPage)
	if err != nil {
		return UserPage{}, err
	}
	accounts, err := s.Accounts.Users(ctx, q.URL.Query().Get("after"), limit)
	if err != nil {
		return UserPage{}, err
	}
	page := UserPage{Users: make([]User, 0, len(accounts))}
	for _, account := range accounts {
		page.Users = append(page.Users, userOf(account, s.now()))
	}
	if len(accounts) == limit {
		page.Next = accounts[limit-1].Name
	}
	return page, nil
}

func (s *Server) listUsers(ctx context.Context, q question, _ nothing) (List, error) {
	limit, err := queryLimit(q.URL.Query(), DefaultPage, MaxPage)
	if err != nil {
		return List{}, err
	}
	summaries, err := s.Accounts.Summaries(ctx, q.URL.Query().Get("after"), limit)
	if err != nil {
		return List{}, err
	}
	part, now := List{Users: make([]ListedUser, 0, len(summaries))}, s.now()
	for _, u := range summaries {
		part.Users = append(part.Users, ListedUser{Name: u.Name, Enrolled: u.Devices > 0, Policy: string(u.Policy),
			Disabled: u.Disabled, Locked: u.LockedUntil.After(now), LastCodeAt: utc(u.UsedAt)})
	}
	if len(summaries) == limit {
		part.Next = summaries[limit-1].Name
	}
	return part, nil
}

func (s *Server) user(ctx context.Context, q question, _ nothing) (User, error) {
	account, err := s.Accounts.User(ctx, q.name())
	if err != nil {
		return User{}, err
	}
	live, err := s.Accounts.RememberedLogins(ctx, q.name())
	if err != nil {
		return User{}, err
	}
	user := userOf(account, s.now())
	user.RememberedLogins = len(live)
	return user, nil
}

func (s *Server) deleteUser(ctx context.Context, q question, _ nothing) (nothing, error) {
	return nothing{}, s.Accounts.DeleteUser(ctx, q.actor, q.name())
}

func (s *Server) setPassword(ctx context.Context, q question, in Password) (nothing, error) {
	if in.Password == nil {
		return nothing{}, invalid("the field \"password\" is missing")
	}
	return nothing{}, s.Accounts.SetPassword(ctx, q.actor, q.name(), []byte(*in.Password))
}

func (s *Server) setDisabled(ctx context.Context, q question, in Disabled) (nothing, error) {
	if in.Disabled == nil {
		return nothing{}, invalid("the field \"disabled\" is missing")
	}
	return nothing{}, s.Accounts.SetDisabled(ctx, q.actor, q.name(), *in.Disabled)
}

// defaultExemption is how long an exemption holds where nothing is said.
const defaultExemption = 30 * 24 * time.Hour

func (s *Server) setPolicy(ctx context.Context, q question, in Policy) (nothing, error) {
	policy := store.UserPolicy(in.Policy)
	switch policy {
	case store.PolicyDefault, store.PolicyRequired, store.PolicyExempt:
	default:
		return nothing{}, invalid("the policy must be \"required\", \"exempt\" or \"default\"")
	}
	own := access.OwnPolicy{Policy: policy, Reason: in.Reason, Until: in.Until}
	if policy == store.PolicyExempt && own.Until.IsZero() {
		own.Until = s.now().Add(defaultExemption)
	}
	return nothing{}, s.Accounts.SetPolicy(ctx, q.actor, q.name(), own)
}

func userOf(account store.Account, now time.Time) User {
	user := User{
		Name:           account.Name,
		CreatedAt:      utc(account.CreatedAt),
		LastCodeAt:     utc(account.LastUsedAt()),
		Disabled:       account.Disabled,
		LocalPassword:  account.PasswordHash != "",
		Policy:         string(account.Policy),
		PolicyReason:   account.PolicyReason,
		PolicyUntil:    utc(account.PolicyUntil),
		Groups:         account.Groups,
		Enrolled:       len(account.Devices) > 0,
		EverEnrolled:   account.EverEnrolled,
		Devices:        make([]Device, 0, len(account.Devices)),
		RecoveryCodes:  account.RecoveryCodes,
		TemporaryCodes: account.TemporaryCodes,
		Lock: Lock{
			Locked:        account.Lock.Until.After(now),
			Until:         utc(account.Lock.Until),
			Failures:      account.Lock.Failures,
			LastFailureAt: utc(account.Lock.FailedAt),
			Level:         account.Lock.Level,
		},
	}
	for _, device := range account.Devices {
		user.Devices = append(user.Devices, deviceOf(device))
	}
	return user
}
