package admin

import (
	"context"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

func (s *Server) addDevice(ctx context.Context, q question, in NewDevice) (Device, error) {
	if in.Secret == "" {
		return Device{}, invalid("the field \"secret\" is missing")
	}
	device, err := s.Accounts.AddDevice(ctx, q.actor, q.name(), access.NewDevice{
		Label:     in.Label,
		Secret:    in.Secret,
		Algorithm: in.Algorithm,
		Digits:    in.Digits,
		Period:    in.Period,
	})
	return deviceOf(device), err
}

func (s *Server) removeDevice(ctx context.Context, q question, _ nothing) (nothing, error) {
	return nothing{}, s.Accounts.RemoveDevice(ctx, q.actor, q.name(), q.PathValue("label"))
}

func (s *Server) reset(ctx context.Context, q question, _ nothing) (nothing, error) {
	return nothing{}, s.Accounts.Reset(ctx, q.actor, q.name())
}

func (s *Server) unlock(ctx context.Context, q question, _ nothing) (nothing, error) {
	return nothing{}, s.Accounts.Unlock(ctx, q.actor, q.name())
}

// maxCodeLife keeps the arithmetic of durations from overflowing; what is
// sensible is for Accounts to say.
const maxCodeLife = 366 * 24 * time.Hour

func (s *Server) giveCode(ctx context.Context, q question, in CodeTerms) (TemporaryCode, error) {
	if in.ValidSeconds < 1 || in.ValidSeconds > int64(maxCodeLife/time.Second) {
		return TemporaryCode{}, invalid("a temporary code lives for 1 s to 366 days")
	}
	code, expires, err := s.Accounts.GiveCode(ctx, q.actor, q.name(), time.Duration(in.ValidSeconds)*time.Second, in.Uses, q.helpdesk)
	return TemporaryCode{Code: code, ExpiresAt: utc(expires)}, err
}

func (s *Server) newRecoveryCodes(ctx context.Context, q question, _ nothing) (RecoveryCodes, error) {
	codes, err := s.Accounts.NewRecoveryCodes(ctx, q.actor, q.name())
	return RecoveryCodes{Codes: list(codes)}, err
}

func (s *Server) invite(ctx context.Context, q question, in InviteTerms) (Invitation, error) {
	if in.ValidSeconds < int64(access.MinInvitation/time.Second) || in.ValidSeconds > int64(access.MaxInvitation/time.Second) {
		return Invitation{}, invalid("an invitation lives for 10 minutes to 30 days")
	}
	if s.EnrollURL == "" {
		return Invitation{}, &access.Refusal{Kind: access.RefusedRule, Text: "there is no enrollment page: enroll.url is to be set"}
	}
	ticket, expires, err := s.Accounts.Invite(ctx, q.actor, q.name(), time.Duration(in.ValidSeconds)*time.Second, q.helpdesk)
	if err != nil {
		return Invitation{}, err
	}
	return Invitation{Address: s.EnrollURL + ticket, ExpiresAt: utc(expires)}, nil
}

// deviceOf leaves the secret behind.
func deviceOf(device store.Device) Device {
	return Device{
		Label:     device.Label,
		Algorithm: device.Algorithm,
		Digits:    device.Digits,
		Period:    device.Period,
		CreatedAt: utc(device.CreatedAt),
		UsedAt:    utc(device.UsedAt),
	}
}
