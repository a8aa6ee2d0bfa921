package admin

import (
	"context"
	"net/netip"

	"vpn-otpd/radiusd/access"
)

func (s *Server) explain(ctx context.Context, q question, _ nothing) (Explanation, error) {
	client, err := s.explainedClient(q.URL.Query().Get("client"))
	if err != nil {
		return Explanation{}, err
	}
	var from netip.Addr
	if text := q.URL.Query().Get("from"); text != "" {
		if from, err = netip.ParseAddr(text); err != nil {
			return Explanation{}, invalid("the parameter \"from\" is no address")
		}
	}
	x, err := s.Accounts.Explain(ctx, q.name(), client, from)
	if err != nil {
		return Explanation{}, err
	}
	return explanationOf(x), nil
}

// explainedClient is a client by name. Without one the global policy is looked
// at, as a client would have it that says nothing of its own.
func (s *Server) explainedClient(name string) (access.Client, error) {
	if name == "" {
		return access.Client{Mode: access.ModeChallenge}, nil
	}
	if s.Client != nil {
		if client, known := s.Client(name); known {
			return client, nil
		}
	}
	return access.Client{}, &access.Refusal{Kind: access.RefusedMissing, Text: "there is no such client; vpn-otpctl status lists them"}
}

func explanationOf(x access.Explanation) Explanation {
	answer := Explanation{
		Decision: x.ID, User: x.User, Client: x.Client, Verdict: string(x.Verdict), Reason: string(x.Reason), Closed: string(x.Closed),
		Rules: make([]Rule, 0, len(x.Rules)), Records: recordsOf(x.Records), Refusals: make([]RefusalRate, 0, len(x.Refusals)),
	}
	for _, rule := range x.Rules {
		answer.Rules = append(answer.Rules, Rule(rule))
	}
	for _, r := range x.Refusals {
		answer.Refusals = append(answer.Refusals, RefusalRate{Minute: utc(r.Minute), Reason: r.Reason, Client: r.Client, Source: r.Source, Count: r.Count})
	}
	if x.WithCode != nil {
		answer.WithCode = &Outcome{Verdict: string(x.WithCode.Verdict), Reason: string(x.WithCode.Reason)}
	}
	return answer
}
