package main

import (
	"context"
	"errors"
	"fmt"

	"layeh.com/radius"

	"vpn-otpd/radiusd/client"
	"vpn-otpd/radiusd/totp"
)

// mode is how a login goes.
type mode string

const (
	modeCode      mode = "code"      // the code alone
	modeAppend    mode = "append"    // password and code in one field
	modeChallenge mode = "challenge" // the password, then the code
	modePassword  mode = "password"  // the password alone
	modeEcho      mode = "echo"      // any octets that come back: what the machine can do at all
)

var modes = []mode{modeCode, modeAppend, modeChallenge, modePassword, modeEcho}

// errRefused: the server answered, and let nobody in.
var errRefused = errors.New("refused")

// login is one user's login on a socket that is shared with others. It returns
// how many requests it took.
func (l *load) login(ctx context.Context, conn *client.Conn, user int, step int64) (requests int, err error) {
	code, err := totp.Code(l.users.key(user), step)
	if err != nil {
		return 0, fmt.Errorf("making the code: %w", err)
	}
	fields := map[mode][]string{
		modeCode:      {code},
		modeAppend:    {l.users.password(user) + code},
		modeChallenge: {l.users.password(user), code},
		modePassword:  {l.users.password(user)},
	}[l.mode]
	attempt := &client.Login{Conn: conn, User: l.users.name(user), NASIdentifier: "radius-load",
		CallingStation: fmt.Sprintf("198.18.%d.%d", user>>8&255, user&255)}
	if l.sessions {
		attempt.Session = fmt.Sprintf("%x.%x", user, step)
	}
	for i, field := range fields {
		requests++
		reply, err := attempt.Answer(ctx, []byte(field))
		if err != nil {
			return requests, err
		}
		switch last := i == len(fields)-1; {
		case reply.Code == radius.CodeAccessChallenge && !last:
		case reply.Code == radius.CodeAccessAccept && last:
		default:
			return requests, fmt.Errorf("%w: %v to request %d", errRefused, reply.Code, requests)
		}
	}
	return requests, nil
}
