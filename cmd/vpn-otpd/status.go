package main

import (
	"context"
	"slices"
	"time"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/admin"
	"vpn-otpd/radiusd/clock"
)

// status is what vpn-otpctl status shows.
func (d *server) status(ctx context.Context) (admin.Status, error) {
	config := d.current()
	s := admin.Status{
		Version:   version,
		StartedAt: d.started,
		Policy:    config.policyName(),
		Store: admin.StoreStatus{
			Driver: d.store.Dialect(), Path: config.Store.place(), SchemaVersion: d.store.SchemaVersion(), Healthy: true,
		},
	}
	for _, socket := range d.sockets {
		s.Listeners = append(s.Listeners, "radius udp "+socket.LocalAddr().String())
	}
	for _, socket := range d.accounting.sockets {
		s.Listeners = append(s.Listeners, "accounting udp "+socket.LocalAddr().String())
	}
	if d.page != nil {
		s.Listeners = append(s.Listeners, d.page.listens())
	}
	if d.metrics != nil {
		s.Listeners = append(s.Listeners, "metrics http "+d.metrics.address())
	}
	s.Clock = clockStatus(d.clock.State())
	counts, err := d.store.Count(ctx)
	if err == nil {
		s.Store.LatencySeconds, err = d.latency(ctx)
	}
	if err == nil {
		s.Store.Doubts, err = d.store.Doubts(ctx)
	}
	if err != nil {
		s.Store.Healthy, s.Store.Error = false, err.Error()
	}
	s.Store.Users, s.Store.EnrolledUsers = counts.Users, counts.Enrolled
	for _, e := range counts.Exempt {
		s.ExemptUsers = append(s.ExemptUsers, e.User)
		s.Exemptions = append(s.Exemptions, admin.Exemption{User: e.User, Reason: e.Reason, Until: e.Until.UTC()})
	}
	s.Exemptions = append(s.Exemptions, exemptingRules(config.Settings, time.Now())...)
	snapshot := d.radius.Snapshot()
	s.Clients = clientStatuses(config, snapshot)
	s.PasswordServers = d.passwordServers()
	s.Counters = counters(snapshot)
	s.Counters["password_busy"] = d.local.Counters().Busy
	d.countNotices(s.Counters)
	d.accounting.count(s.Counters)
	return s, nil
}

// latency is how long a commit takes now: the middle of three.
func (d *server) latency(ctx context.Context) (seconds float64, err error) {
	var took [3]time.Duration
	for n := range took {
		began := time.Now()
		if err := d.store.Probe(ctx); err != nil {
			return 0, err
		}
		took[n] = time.Since(began)
	}
	slices.Sort(took[:])
	return took[1].Seconds(), nil
}

// exemptingRules are the rules of the configuration that exempt now, each with its
// end.
func exemptingRules(settings access.Settings, now time.Time) (exemptions []admin.Exemption) {
	for i := range settings.Rules {
		if rule := &settings.Rules[i]; rule.Says == access.TwoFactorExempt && !settings.Policy.Disabled() && rule.InForce(now) {
			exemptions = append(exemptions, admin.Exemption{Rule: rule.Name, Reason: rule.Reason, Until: rule.Ends.UTC()})
		}
	}
	return exemptions
}

// clockStatus is what is known of the clock, as the admin socket tells it.
func clockStatus(s clock.State) admin.ClockStatus {
	return admin.ClockStatus{
		Sync: string(s.Sync), Source: string(s.Source), Healthy: s.Healthy, Advice: s.Advice, Jumps: s.Jumps, LastJump: s.LastJump,
		JumpSeconds: s.JumpSize.Seconds(), Samples: s.Samples, DeviceOffsetSeconds: s.MedianOffset.Seconds(),
	}
}

func clientStatuses(config *Config, snapshot radiusd.Snapshot) []admin.ClientStatus {
	seen := make(map[string]radiusd.ClientSnapshot)
	for _, client := range snapshot.Clients {
		seen[client.Name] = client
	}
	var statuses []admin.ClientStatus
	for _, client := range config.Clients {
		status := admin.ClientStatus{
			Name: client.Name, Mode: string(client.Mode), RequiresMessageAuthenticator: client.RequireMessageAuthenticator,
			Requests:                    seen[client.Name].Requests,
			WithoutMessageAuthenticator: seen[client.Name].WithoutMessageAuthenticator,
			LastSeen:                    seen[client.Name].LastSeen,
		}
		for _, network := range client.Networks {
			status.Networks = append(status.Networks, network.String())
		}
		statuses = append(statuses, status)
	}
	return statuses
}

// counters are the counts that aren't zero, under one name each.
func counters(snapshot radiusd.Snapshot) map[string]uint64 {
	all := map[string]uint64{"datagrams_received": snapshot.Received}
	for prefix, counts := range map[string]map[string]uint64{
		"answered_": snapshot.Answered, "refused_": snapshot.Refused, "dropped_": snapshot.Dropped,
	} {
		for name, count := range counts {
			if count > 0 {
				all[prefix+name] = count
			}
		}
	}
	return all
}
