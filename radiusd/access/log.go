package access

import (
	"context"
	"encoding/hex"
	"log/slog"
	"strings"
	"unicode"

	"vpn-otpd/store"
)

// logDecision writes one line a decision.
func (g *Gate) logDecision(l *login, d Decision) {
	if g.logger.Enabled(context.Background(), slog.LevelInfo) {
		g.logger.Info("decision", g.decided(l, d)...)
	}
	if l.alarm {
		g.logger.Error("alarm: "+alarmText, g.about(l, d.User)...)
	}
}

func (g *Gate) decided(l *login, d Decision) []any {
	attributes := append(g.about(l, d.User),
		slog.String("verdict", string(d.Verdict)),
		slog.String("reason", string(d.Reason)))
	if d.ID != l.id {
		attributes = append(attributes, slog.String("repeats", d.ID))
	}
	if !d.LockedUntil.IsZero() {
		attributes = append(attributes, slog.Time("locked_until", d.LockedUntil))
	}
	return attributes
}

// logSilence writes why there is no answer.
func (g *Gate) logSilence(l *login, err error) {
	g.logger.Error("no answer", append(g.about(l, ""), slog.Any("error", err))...)
}

func (g *Gate) about(l *login, user string) []any {
	if user == "" {
		user = g.hashedName(l.UserName)
	}
	return []any{
		slog.String("id", l.id),
		slog.String("user", user),
		slog.String("client", l.Client.Name),
		slog.String("calling_station", printable(l.CallingStation)),
		slog.String("nas", printable(l.NASIdentifier)),
	}
}

// unknownName begins what stands for a name that isn't known.
const unknownName = "unknown:"

// hashedName stands for a name that isn't known: people type passwords there.
func (g *Gate) hashedName(typed string) string {
	return unknownName + hex.EncodeToString(g.store.MAC(store.PurposeName, []byte(typed))[:6])
}

// printable is a client's text as it may stand in a log: valid, visible, short.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > 64 {
		text = string(runes[:64])
	}
	return text
}
