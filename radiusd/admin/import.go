package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// ImportSource is what an import reads, and who wants it.
type ImportSource struct {
	Format string // one of ImportFormats
	// Folder is ours alone, and goes when the import is over; File is the
	// source's name in it, with the log of a database beside it.
	Folder, File string
	Actor        store.Actor
	Own          string // the actor's own account as a VPN user, "" where the rule doesn't hold
	DryRun       bool
}

// importUsers answers line by line. A peer that hangs up before the end has
// imported nothing.
func (s *Server) importUsers(w http.ResponseWriter, r *http.Request) {
	source, err := s.importSource(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if !s.importing.take(r.Context()) {
		s.fail(w, r, &access.Refusal{Kind: access.RefusedRule, Text: "another import is under way"})
		return
	}
	defer s.importing.giveBack()
	folder, remove, err := transferFolder(s.ImportFolder)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer func() {
		if err := remove(); err != nil {
			s.Log.Error("removing the source of an import failed: it may hold secrets", "folder", folder, "err", err)
		}
	}()
	source.Folder = folder
	t := s.transfer(w)
	source.File, err = receive(t.reader(http.MaxBytesReader(w, r.Body, MaxImport)), source)
	t.received()
	if err != nil {
		t.hurry()
		s.fail(w, r, err)
		return
	}
	lines := newLines(w, t)
	last := ImportLine{}
	if report, err := s.imported(r.Context(), source, lines); err == nil {
		last.Report = &report
	} else if r.Context().Err() != nil {
		s.Log.Warn("an import was broken off by its peer", "uid", source.Actor.UID, "err", err)
		return
	} else {
		problem := s.problem(r, err)
		last.Problem = &problem
	}
	_ = lines.write(last) // who doesn't hear it has hung up
}

// importSource reads all of a request but its body.
func (s *Server) importSource(r *http.Request) (ImportSource, error) {
	peer, ok := r.Context().Value(peerKey{}).(Peer)
	if !ok {
		return ImportSource{}, &forbiddenError{"who you are is not known"}
	}
	if err := checkQuery(r.URL.RawQuery, []string{"dry_run"}); err != nil {
		return ImportSource{}, err
	}
	source := ImportSource{Format: r.PathValue("format"), Actor: peer.actor()}
	if !slices.Contains(ImportFormats(), source.Format) {
		return ImportSource{}, invalid("the format %.40q is not known; these are: %s", source.Format, strings.Join(ImportFormats(), ", "))
	}
	if text := r.URL.Query().Get("dry_run"); text != "" {
		dry, err := strconv.ParseBool(text)
		if err != nil {
			return ImportSource{}, invalid("the parameter \"dry_run\" is true or false")
		}
		source.DryRun = dry
	}
	if r.ContentLength > MaxImport {
		return ImportSource{}, &http.MaxBytesError{Limit: MaxImport}
	}
	if roles := s.roles(); roles.Of(peer) != Root {
		source.Own = roles.Users[peer.UID]
	}
	return source, nil
}

// imported runs an import and tells how far it is. The work itself never waits
// for the peer: the store is locked meanwhile.
func (s *Server) imported(ctx context.Context, source ImportSource, lines *lineWriter) (ImportReport, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		report access.ImportReport
		err    error
	}
	var now atomic.Pointer[ImportProgress]
	now.Store(&ImportProgress{Phase: PhaseReading})
	done := make(chan outcome, 1)
	go func() {
		defer func() {
			if fault := recover(); fault != nil {
				done <- outcome{err: fmt.Errorf("the import panicked: %v", fault)}
			}
		}()
		report, err := s.Import(ctx, source, func(p ImportProgress) { now.Store(&p) })
		done <- outcome{report, err}
	}()
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for unheard := error(nil); ; {
		select {
		case o := <-done:
			return reportOf(o.report, source.DryRun), errors.Join(o.err, unheard)
		case <-tick.C:
			if unheard = lines.write(ImportLine{ImportProgress: *now.Load()}); unheard != nil {
				cancel()
				tick.Stop()
			}
		}
	}
}

// Bounds of what a report says of one thing that was skipped, in characters.
const (
	maxSkippedName   = 64
	maxSkippedReason = 200
)

func reportOf(found access.ImportReport, dryRun bool) ImportReport {
	report := ImportReport{DryRun: dryRun, Users: found.Users, Devices: found.Devices, Unchanged: found.Unchanged,
		Skipped: len(found.Skipped), Details: make([]Skipped, 0, min(len(found.Skipped), MaxSkipped))}
	for _, skipped := range found.Skipped[:min(len(found.Skipped), MaxSkipped)] {
		report.Details = append(report.Details, Skipped{Place: skipped.Place,
			Name: shortened(skipped.Name, maxSkippedName), Reason: shortened(skipped.Reason, maxSkippedReason)})
	}
	return report
}

func shortened(text string, most int) string {
	characters := []rune(strings.ToValidUTF8(text, "\uFFFD"))
	if len(characters) <= most {
		return string(characters)
	}
	return string(characters[:most]) + "…"
}
