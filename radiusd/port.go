package radiusd

import (
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd/access"
)

// port is what a server answers. Logins and accounting are kept apart: what
// belongs to the one is no request at the other (RFC 2866 section 3), and each
// has a server of its own, so that neither takes the workers of the other.
type port struct {
	request radius.Code // what it answers, beside Status-Server
	alive   radius.Code // its answer to a Status-Server (RFC 5997 section 4.2)
	// admit verifies a request, and applies the client's rules to it.
	admit func(*peer, packet) drop
	// prefers reports whether a request goes before others.
	prefers func(*Server, packet) bool
	answer  func(s *Server, x *exchange, attributes radius.Attributes, left time.Duration)
}

func loginPort() port {
	return port{
		request: radius.CodeAccessRequest, alive: radius.CodeAccessAccept,
		admit: (*peer).admit, prefers: (*Server).goesOn, answer: (*Server).answerLogin,
	}
}

func accountingPort() port {
	return port{
		request: radius.CodeAccountingRequest, alive: radius.CodeAccountingResponse,
		admit:   (*peer).admitAccounting,
		prefers: func(*Server, packet) bool { return false },
		answer:  (*Server).answerAccounting,
	}
}

// goesOn reports whether a request goes on with a login under way.
func (s *Server) goesOn(request packet) bool {
	state := request.state()
	return len(state) > 0 && s.options.Gate.ValidState(string(state))
}

// answered counts the replies of a port, as a snapshot names them.
func (p port) answered(c *counters) map[string]uint64 {
	answered := map[string]uint64{"status": c.status.Load(), "repeated": c.repeated.Load()}
	if p.request == radius.CodeAccountingRequest {
		answered["recorded"] = c.recorded.Load()
		return answered
	}
	answered[string(access.Accept)] = c.accepts.Load()
	answered[string(access.Reject)] = c.rejects.Load()
	answered[string(access.Challenge)] = c.challenges.Load()
	return answered
}
